#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace inarch {

/// Rows of cells in columns, below headings. The first column is for names, which are never cut:
/// one too long for its column stands on a line of its own, with the other cells below it. Columns
/// without anything in them are left out.
class TextTable {
 public:
  enum class Align { left, right };

  struct Column {
    std::string heading;
    Align align = Align::left;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Cells without escapes and styles, one for each column.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  /// The lines, each with its line break, fitted to `width` columns.
  std::string text(std::size_t width) const;

 private:
  std::vector<std::size_t> widths(std::size_t width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace inarch
