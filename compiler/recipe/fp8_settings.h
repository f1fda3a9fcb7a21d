#pragma once

#include <string_view>

#include "compiler/core/value.h"
#include "compiler/recipe/encoding_spec.h"

namespace inarch {

/// What `encode: { fp8: { … } }` may say: a `block` and `scales`; with the layout of
/// compressed-tensors, a `strategy` too, of which `block` alone has a block.

/// Sets one entry; false when it makes no sense beside those that were set before it.
bool set_fp8(EncodingSpec& spec, std::string_view key, const Value& value);

/// Entries with a lower rank are set first.
int fp8_rank(std::string_view key);

}  // namespace inarch
