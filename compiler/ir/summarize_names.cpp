#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/ir/build.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_number(std::string_view segment) {
  return !segment.empty() && segment.size() < 10 &&
         std::all_of(segment.begin(), segment.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The name with its first number replaced by `{}`, and that number.
std::pair<std::string, int> without_number(const std::string& name) {
  for (std::size_t begin = 0; begin <= name.size();) {
    std::size_t end = name.find('.', begin);
    if (end == std::string::npos) end = name.size();
    const std::string segment = name.substr(begin, end - begin);
    if (is_number(segment))
      return {name.substr(0, begin) + "{}" + name.substr(end), std::stoi(segment)};
    begin = end + 1;
  }
  return {name, -1};
}

}  // namespace

std::vector<std::string> summarize_names(const std::vector<std::string>& names) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<int>> numbers;
  for (const std::string& name : names) {
    auto [shape, number] = without_number(name);
    if (numbers.find(shape) == numbers.end()) order.push_back(shape);
    numbers[shape].push_back(number);
  }
  std::vector<std::string> lines;
  for (const std::string& shape : order) {
    std::vector<int>& list = numbers[shape];
    std::sort(list.begin(), list.end());
    std::string range;
    for (std::size_t k = 0; k < list.size();) {
      std::size_t end = k + 1;
      while (end < list.size() && list[end] == list[end - 1] + 1) ++end;
      if (!range.empty()) range += ", ";
      range +=
          end - k > 2 ? fmt::format("{}..{}", list[k], list[end - 1]) : std::to_string(list[k]);
      if (end - k == 2) range += fmt::format(", {}", list[k + 1]);
      k = end;
    }
    const std::size_t hole = shape.find("{}");
    std::string line = escape_for_terminal(shape);
    if (hole != std::string::npos && list[0] >= 0) {
      line = escape_for_terminal(shape.substr(0, hole)) +
             (list.size() > 1 ? "{" + range + "}" : range) +
             escape_for_terminal(shape.substr(hole + 2));
    }
    if (list.size() > 1) line += fmt::format(" ({} tensors)", list.size());
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace inarch
