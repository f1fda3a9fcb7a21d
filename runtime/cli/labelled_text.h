#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace inarch {

/// "1 tensor", "1,024 tensors"
std::string plural(std::int64_t count, std::string_view one);

/// "  label       text", the text broken at spaces and indented below itself.
std::string labelled(std::string_view label, std::string_view text, std::size_t width);

}  // namespace inarch
