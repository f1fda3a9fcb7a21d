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

std::string YamlLines::text() const {
  std::string out;
  for (std::size_t k = 0; k < lines_.size();) {
    std::size_t end = k;
    std::size_t column = 0;
    std::size_t remark = 0;
    for (; end < lines_.size() && !lines_[end].remark.empty(); ++end) {
      column = std::max(column, display_width(lines_[end].text) + 2);
      remark = std::max(remark, display_width(lines_[end].remark));
    }
    const bool aligned = column + remark <= yaml_line_width;
    for (; k < end; ++k) {
      const std::size_t width = display_width(lines_[k].text);
      out += lines_[k].text + std::string(aligned ? column - width : 2, ' ') + lines_[k].remark;
      out += '\n';
    }
    if (k == lines_.size()) break;
    const std::string& text = lines_[k++].text;
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

}  // namespace inarch
