#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "compiler/core/catalog.h"

namespace inarch {

/// What read_header_json gives, for headers in the form that programs write and without a fault:
/// many times as fast. Nothing for any other, about which that function says what there is to say.
std::optional<std::vector<TensorInfo>> read_plain_header(std::string_view json,
                                                         std::int64_t data_size);

}  // namespace inarch
