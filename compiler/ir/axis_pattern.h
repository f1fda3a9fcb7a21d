#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"

namespace inarch {

/// "(head d) in" as groups of axis names: {{head, d}, {in}}. Names may be numbers (`1 0`). Faults
/// (E310): unbalanced or nested parentheses, an empty group, a name that occurs twice.
Result<std::vector<std::vector<std::string>>> parse_axis_pattern(std::string_view pattern);

}  // namespace inarch
