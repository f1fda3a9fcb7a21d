#include "compiler/picture/rule_lines.h"

#include <algorithm>
#include <vector>

namespace inarch {

namespace {

struct BlockLine {
  std::string_view text;  // without its indentation
  std::size_t indent = 0;

  bool is_blank() const { return text.empty(); }
  bool is_comment() const { return !text.empty() && text[0] == '#'; }
  bool is_item() const { return text == "-" || text.substr(0, 2) == "- "; }
  bool holds_rules() const {
    const std::string_view key = text.substr(0, text.find(':'));
    return key == "tensors" || key == "define" || key == "- tensors" || key == "- define";
  }
  /// Of what the line is a part: "- a: 1" is an entry two columns in.
  std::size_t content() const { return is_item() ? indent + 2 : indent; }
};

std::vector<BlockLine> split_lines(std::string_view text) {
  std::vector<BlockLine> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t last = line.find_last_not_of(" \t\r");
    line = last == line.npos ? std::string_view() : line.substr(0, last + 1);
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    lines.push_back({line.substr(indent), indent});
  }
  return lines;
}

/// The line that opens the block in which line `at` stands: the last one before it that is less
/// indented, or a list's dash on whose item it is. `lines.size()` at the top.
std::size_t parent_of(const std::vector<BlockLine>& lines, std::size_t at) {
  for (std::size_t k = at; k-- > 0;) {
    const BlockLine& line = lines[k];
    if (line.is_blank() || line.is_comment()) continue;
    if (line.indent < lines[at].indent) return k;
    // `tensors:` and the dashes below it may stand in one column
    if (line.indent == lines[at].indent && lines[at].is_item() && !line.is_item()) return k;
  }
  return lines.size();
}

}  // namespace

LineRange rule_lines(std::string_view recipe, int line) {
  const std::vector<BlockLine> lines = split_lines(recipe);
  if (line < 1 || static_cast<std::size_t>(line) > lines.size()) return {line, line};
  std::size_t first = static_cast<std::size_t>(line) - 1;
  std::size_t top = first;
  while (true) {
    const std::size_t parent = parent_of(lines, top);
    if (parent == lines.size()) return {line, line};
    if (lines[parent].holds_rules()) break;
    top = parent;
  }
  first = top;
  std::size_t last = first;
  for (std::size_t k = first + 1; k < lines.size(); ++k) {
    if (lines[k].is_blank() || lines[k].is_comment()) continue;
    if (lines[k].indent <= lines[first].indent) break;
    last = k;
  }
  while (first > 0 && lines[first - 1].is_comment() &&
         lines[first - 1].indent == lines[first].indent)
    --first;
  return {static_cast<int>(first) + 1, static_cast<int>(last) + 1};
}

}  // namespace inarch
