#pragma once

#include <string>
#include <string_view>

namespace inarch {

/// A text as a JSON string, quotes included, whatever its bytes: those that are not UTF-8 come out
/// as U+FFFD.
std::string json_literal(std::string_view text);

}  // namespace inarch
