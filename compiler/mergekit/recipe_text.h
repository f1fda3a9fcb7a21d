#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// The text of a recipe as it is written, each line with the place of what it stands for.
class RecipeText {
 public:
  /// Adds a line, or lines. `origin` is what messages about them will point at.
  void add(std::string_view lines, Span origin = {});
  /// Adds the lines of another.
  void append(const RecipeText& other);
  const std::string& text() const { return text_; }
  /// The lines, one by one, without their line ends.
  std::size_t size() const { return lines_.size(); }
  std::string_view line(std::size_t k) const;
  Span origin(std::size_t k) const { return lines_[k].origin; }

  /// A finding in this text, which is `file`, as one about the text that it was made from: the line
  /// itself goes into a note.
  Diagnostic point_back(Diagnostic diagnostic, FileId file) const;

 private:
  struct Line {
    std::size_t begin = 0;
    Span origin;
  };
  const Line* line_at(Span span, FileId file) const;

  std::string text_;
  std::vector<Line> lines_;
};

/// Comments above the first key of a configuration, which say what it is for.
std::string leading_comments(std::string_view text);
/// A scalar as YAML reads it back as text: in quotes where it has to be. `in_flow` is for one
/// inside brackets or braces.
std::string yaml_text(std::string_view text, bool in_flow = true);
/// A text in an expression.
std::string expression_text(std::string_view text);
/// The shortest number that reads back equal.
std::string number_text(double number);

}  // namespace inarch
