#pragma once

#include <functional>
#include <string>

#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"
#include "compiler/support/result.h"

namespace inarch {

/// The bytes of a small stored tensor: where a format keeps shapes and constants in tensors.
using ReadSmallTensor = std::function<Result<std::string>(const TensorInfo&)>;

/// Turns a catalog of what is stored into one of values: tensors that belong together (codes,
/// scales, zero points, maps) become one tensor with the shape and dtype of its values, under the
/// name that it would have unencoded. What belongs together follows from names, dtypes and the
/// config, never from a dtype alone. Call it once the catalog is complete; rebuilds its index.
///
/// Faults: E436 (a part is missing), E437 (a part has another shape or dtype than the codes ask
/// for), E438 (constants in tensors that make no sense), W403 (the config names a quantisation that
/// is not known here).
void recognise_encodings(Checkpoint& checkpoint, const ReadSmallTensor& read,
                         Diagnostics& diagnostics);

}  // namespace inarch
