#pragma once

#include <string>
#include <string_view>

namespace inarch {

/// What turns one text into another, as a unified diff with three lines of context whose heads name
/// `name`; "" when they are equal. The fewest lines change (Myers, 1986), but in texts that have
/// thousands of differences, where everything between the first and the last counts as changed.
std::string unified_diff(std::string_view name, std::string_view before, std::string_view after);

}  // namespace inarch
