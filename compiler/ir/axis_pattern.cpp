#include "compiler/ir/axis_pattern.h"

#include <set>

#include <fmt/format.h>

namespace inarch {

Result<std::vector<std::vector<std::string>>> parse_axis_pattern(std::string_view pattern) {
  std::vector<std::vector<std::string>> groups;
  std::set<std::string> seen;
  bool open = false;
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == ' ' || c == ',') {
      ++at;
    } else if (c == '(') {
      if (open) return error("E310", "parentheses in an axis pattern do not nest");
      open = true;
      groups.emplace_back();
      ++at;
    } else if (c == ')') {
      if (!open) return error("E310", "a parenthesis in an axis pattern closes nothing");
      if (groups.back().empty()) return error("E310", "empty parentheses in an axis pattern");
      open = false;
      ++at;
    } else {
      std::size_t end = at;
      while (end < pattern.size() &&
             std::string_view(" ,()").find(pattern[end]) == std::string_view::npos)
        ++end;
      std::string name(pattern.substr(at, end - at));
      for (const char letter : name) {
        const bool word = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                          (letter >= '0' && letter <= '9') || letter == '_';
        if (!word) return error("E310", fmt::format("'{}' is no name for an axis", name));
      }
      if (!seen.insert(name).second)
        return error("E310", fmt::format("the axis '{}' occurs twice", name));
      if (!open) groups.emplace_back();
      groups.back().push_back(std::move(name));
      at = end;
    }
  }
  if (open) return error("E310", "a parenthesis in an axis pattern does not close");
  return groups;
}

}  // namespace inarch
