#include "runtime/cli/text_table.h"

#include <algorithm>

#include "compiler/support/render_line.h"

namespace inarch {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_name_width = 24;

std::string blanks(std::size_t width, std::size_t taken) {
  return std::string(width > taken ? width - taken : 0, ' ');
}

}  // namespace

/// The width of every column; 0 for those left out.
std::vector<std::size_t> TextTable::widths(std::size_t width) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < widths.size(); ++c)
      widths[c] = std::max(widths[c], display_width(row[c]));
  }
  std::size_t others = 0;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (widths[c] == 0) continue;
    widths[c] = std::max(widths[c], display_width(columns_[c].heading));
    if (c > 0) others += gap + widths[c];
  }
  const std::size_t left = width > others ? width - others : 0;
  widths[0] = std::min(widths[0], std::max(left, least_name_width));
  return widths;
}

std::string TextTable::text(std::size_t width) const {
  const std::vector<std::size_t> columns = widths(width);
  std::string out;
  const auto write_row = [&](const auto& cell) {
    std::string line = cell(0);
    std::size_t taken = display_width(line);
    if (taken > columns[0]) {
      out += line + "\n";
      line.clear();
      taken = 0;
    }
    line += blanks(columns[0], taken);
    for (std::size_t c = 1; c < columns.size(); ++c) {
      if (columns[c] == 0) continue;
      const std::string blank = blanks(columns[c], display_width(cell(c)));
      const bool right = columns_[c].align == Align::right;
      line += std::string(gap, ' ') + (right ? blank + cell(c) : cell(c) + blank);
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  write_row([&](std::size_t c) -> const std::string& { return columns_[c].heading; });
  for (const auto& row : rows_)
    write_row([&](std::size_t c) -> const std::string& { return row[c]; });
  return out;
}

}  // namespace inarch
