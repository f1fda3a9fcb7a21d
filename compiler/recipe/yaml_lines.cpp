#include "compiler/recipe/yaml_lines.h"

#include <algorithm>

#include "compiler/support/render_line.h"

namespace inarch {

void YamlLines::begin(std::size_t indent) { lines_.push_back({std::string(indent, ' '), {}}); }

void YamlLines::blank() {
  if (lines_.empty()) return;
  const Line& last = lines_.back();
  if (!last.text.empty() || !last.remark.empty()) lines_.push_back({});
}

std::size_t YamlLines::column() const {
  return lines_.empty() ? 0 : display_width(lines_.back().text);
}

/// Where the comments of these lines stand, which all have one; 0 for two spaces after each text.
std::size_t YamlLines::remark_column(std::size_t begin, std::size_t end) const {
  std::size_t least = 0;
  std::size_t widest = 0;
  bool shared = true;
  for (std::size_t k = begin; k < end; ++k) {
    least = std::max(least, display_width(lines_[k].text) + 2);
    widest = std::max(widest, display_width(lines_[k].remark));
    shared = shared && lines_[k].column == lines_[begin].column;
  }
  if (shared && lines_[begin].column >= least) return lines_[begin].column;
  return least + widest <= yaml_line_width ? least : 0;
}

std::string YamlLines::text() const {
  std::string out;
  for (std::size_t k = 0; k < lines_.size();) {
    std::size_t end = k;
    while (end < lines_.size() && !lines_[end].remark.empty()) ++end;
    const std::size_t column = k < end ? remark_column(k, end) : 0;
    for (; k < end; ++k) {
      const std::size_t width = display_width(lines_[k].text);
      const std::size_t gap = column > width ? column - width : 2;
      out += lines_[k].text + std::string(gap, ' ') + lines_[k].remark + "\n";
    }
    if (k == lines_.size()) break;
    const std::string& text = lines_[k++].text;
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

}  // namespace inarch
