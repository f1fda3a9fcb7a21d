#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// Lines to be, each with the comment that follows its text. Comments of lines that stand together
/// stay in the column that they share, where there is room for that; else they get one.
class YamlLines {
 public:
  /// Ends the line at hand and begins one with so many spaces.
  void begin(std::size_t indent);
  /// An empty line before the one at hand; none at the start, and never two.
  void blank();
  void write(std::string_view text) { lines_.back().text += text; }
  /// `column` is where the comment was.
  void remark(std::string_view text, std::size_t column) {
    lines_.back().remark = text;
    lines_.back().column = column;
  }
  bool has_remark() const { return !lines_.empty() && !lines_.back().remark.empty(); }
  bool empty() const { return lines_.empty(); }
  /// Characters on the line at hand.
  std::size_t column() const;

  std::string text() const;

 private:
  struct Line {
    std::string text;
    std::string remark;
    std::size_t column = 0;
  };
  std::size_t remark_column(std::size_t begin, std::size_t end) const;

  std::vector<Line> lines_;
};

inline constexpr std::size_t yaml_line_width = 120;

}  // namespace inarch
