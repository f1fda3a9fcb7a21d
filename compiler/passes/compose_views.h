#pragma once

#include <optional>

#include "compiler/core/ops.h"

namespace inarch {

/// The same view with unit dimensions dropped and neighbours merged where one stride continues the
/// other.
ViewOp normalized(ViewOp view);

/// `outer` of `inner` as one view of inner's input, or nothing when strides of the one cut across
/// dimensions of the other.
std::optional<ViewOp> compose(const ViewOp& outer, const ViewOp& inner);

/// True when the view is elements [offset, offset + count) as they stand.
bool is_contiguous(const ViewOp& view);

}  // namespace inarch
