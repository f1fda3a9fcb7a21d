#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"

namespace inarch {

/// Bytes `begin` to `end` (left out) of a text.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
};

/// What a tokenizer.json splits or replaces by: a regular expression in Oniguruma's Ruby syntax, as
/// huggingface/tokenizers reads it, or a text.
class TextPattern {
 public:
  /// E592 for what is no regular expression, or uses of Oniguruma what is not known here.
  static Result<TextPattern> regex(std::string_view pattern);
  /// Words and what is between them but spaces, `\w+|[^\w\s]+` as Rust reads it.
  static Result<TextPattern> words();
  /// E592 for an empty text.
  static Result<TextPattern> literal(std::string_view text);

  /// All matches that are not empty, from left to right. `text` is UTF-8. E592 when a match takes
  /// more than 100,000 steps and four for each byte of the text: patterns come from files.
  Result<std::vector<TextRange>> find_all(std::string_view text) const;

 private:
  static Result<TextPattern> from_pcre(const std::string& translated, std::string_view pattern);

  std::string text_;  // of a literal, or the pattern as the file has it
  std::shared_ptr<const void> compiled_;
};

/// The pattern as PCRE2 reads it with Unicode properties; E592 for what means something else there.
Result<std::string> translate_pattern(std::string_view pattern);

/// White_Space, and what words consist of by Unicode, as the inside of a character class.
extern const std::string_view space_class;
extern const std::string_view word_class;

}  // namespace inarch
