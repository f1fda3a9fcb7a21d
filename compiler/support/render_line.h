#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// A stretch of a source line as a terminal shows it: tabs as spaces, control bytes escaped, at
/// most `width` columns, with "…" where it was cut. Bytes are those of the source line.
class RenderedLine {
 public:
  /// Keeps the bytes [focus_begin, focus_end) in view, as far as they fit.
  RenderedLine(std::string_view source, std::size_t focus_begin, std::size_t focus_end,
               std::size_t width);

  const std::string& text() const { return text_; }
  /// The column, counted from 0 in `text`, at which this byte of the source stands; the nearest
  /// visible one for a byte that was cut away.
  std::size_t column(std::size_t byte) const;

 private:
  struct Cell {
    std::size_t byte = 0;
    std::size_t column = 0;
    std::size_t width = 0;
    std::string shown;
  };
  void cut(std::vector<Cell>& cells, std::size_t focus_begin, std::size_t focus_end,
           std::size_t width, bool more_left, bool more_right);

  std::string text_;
  std::vector<std::pair<std::size_t, std::size_t>> columns_;  // byte, column; in order of both
};

/// Columns that a terminal gives to this text: 2 for wide East Asian characters and emoji, 0 for
/// combining marks.
std::size_t display_width(std::string_view text);

}  // namespace inarch
