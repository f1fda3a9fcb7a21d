#include "compiler/support/render_line.h"

#include <algorithm>
#include <array>
#include <utility>

#include "compiler/support/text.h"

namespace inarch {

namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// The blocks of Unicode's East Asian Width (UAX #11, W and F) that occur in practice.
constexpr std::array<Range, 12> wide = {{{0x1100, 0x115F},
                                         {0x2E80, 0x303E},
                                         {0x3041, 0x33FF},
                                         {0x3400, 0x4DBF},
                                         {0x4E00, 0x9FFF},
                                         {0xA000, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 8> zero = {{{0x0300, 0x036F},
                                        {0x0483, 0x0489},
                                        {0x0591, 0x05BD},
                                        {0x1AB0, 0x1AFF},
                                        {0x200B, 0x200D},
                                        {0x20D0, 0x20FF},
                                        {0xFE00, 0xFE0F},
                                        {0xFE20, 0xFE2F}}};

template <std::size_t n>
bool contains(const std::array<Range, n>& ranges, std::uint32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& r) { return c >= r.first && c <= r.last; });
}

std::size_t code_point_width(std::uint32_t c) {
  if (c < 0x300) return 1;
  if (contains(zero, c)) return 0;
  return contains(wide, c) ? 2 : 1;
}

std::size_t character_start(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u)
    --at;
  return at;
}

constexpr std::size_t tab_width = 4;
/// A line may be a whole file; only this much around the focus is looked at.
constexpr std::size_t bytes_around_focus = 1024;

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    width += c.length == 0 ? 1 : code_point_width(c.value);
    at += std::max<std::size_t>(c.length, 1);
  }
  return width;
}

RenderedLine::RenderedLine(std::string_view source, std::size_t focus_begin, std::size_t focus_end,
                           std::size_t width) {
  const std::size_t first = character_start(
      source, focus_begin > bytes_around_focus ? focus_begin - bytes_around_focus : 0);
  const std::size_t last = character_start(source, focus_begin + bytes_around_focus);
  std::vector<Cell> cells;
  std::size_t column = 0;
  for (std::size_t at = first; at < last;) {
    const std::size_t length = std::max<std::size_t>(decode_utf8(source, at).length, 1);
    const std::string_view character = source.substr(at, length);
    Cell cell{at, column, 0, {}};
    if (character == "\xEF\xBB\xBF" && at == 0) {
      cell.shown = "";
    } else if (character == "\t") {
      cell.shown.assign(tab_width - column % tab_width, ' ');
    } else {
      cell.shown = escape_for_terminal(character);
    }
    cell.width = display_width(cell.shown);
    column += cell.width;
    cells.push_back(std::move(cell));
    at += length;
  }
  cells.push_back({last, column, 0, {}});
  cut(cells, focus_begin, focus_end, std::max<std::size_t>(width, 10), first > 0,
      last < source.size());
}

void RenderedLine::cut(std::vector<Cell>& cells, std::size_t focus_begin, std::size_t focus_end,
                       std::size_t width, bool more_left, bool more_right) {
  const auto column_of = [&](std::size_t byte) {
    const auto cell = std::lower_bound(cells.begin(), cells.end() - 1, byte,
                                       [](const Cell& c, std::size_t b) { return c.byte < b; });
    return cell->column;
  };
  const std::size_t total = cells.back().column;
  const std::size_t room = width - 2;  // one column for each "…"
  std::size_t begin = 0;
  if (more_left || more_right || total > width) {
    const std::size_t from = column_of(focus_begin);
    const std::size_t to = std::min(column_of(focus_end), from + room / 2);
    if (to > room) begin = std::max(to - room, from > room / 3 ? from - room / 3 : 0);
  }
  const bool fits = total <= width && !more_left && !more_right;
  const std::size_t end = fits ? total : begin + room;
  if (begin > 0 || more_left) text_ = "…";
  std::size_t column = display_width(text_);
  for (const Cell& cell : cells) {
    if (cell.column < begin) continue;
    if (cell.column + cell.width > end) break;
    columns_.emplace_back(cell.byte, column);
    text_ += cell.shown;
    column += cell.width;
  }
  if (columns_.empty()) columns_.emplace_back(0, column);
  if (end < total || more_right) text_ += "…";
}

std::size_t RenderedLine::column(std::size_t byte) const {
  const auto after = std::upper_bound(columns_.begin(), columns_.end(), byte,
                                      [](std::size_t b, const auto& c) { return b < c.first; });
  return after == columns_.begin() ? columns_.front().second : (after - 1)->second;
}

}  // namespace inarch
