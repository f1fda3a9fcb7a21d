#pragma once

#include <string_view>

namespace inarch {

/// Lines of a text, 1-based, both included.
struct LineRange {
  int first = 0;
  int last = 0;
};

/// The whole of the rule (or definition) of a recipe that line `line` is part of, by the
/// indentation of YAML's blocks: the item of the list under `tensors:`, or the entry of a map.
/// Comments right above it belong to it. A line outside of any is itself.
LineRange rule_lines(std::string_view recipe, int line);

}  // namespace inarch
