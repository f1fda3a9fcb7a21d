#pragma once

#include <optional>
#include <string_view>

#include "runtime/io/weight_index.h"

namespace inarch {

/// An index in the form that programs write, with its shards as they come first; many times as fast
/// as a reader of all JSON. Nothing for any other index, which may be as good.
std::optional<WeightIndex> read_plain_index(std::string_view json);

}  // namespace inarch
