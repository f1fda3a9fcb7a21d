#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace inarch {

/// Reads JSON of the plain kind that programs write: printable ASCII without escapes, integers
/// without a sign. Whatever is asked for and not there, in this form, is a no; the text is then for
/// a reader that knows all of JSON and can say what is wrong with it.
class PlainJson {
 public:
  explicit PlainJson(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  /// Takes a character of structure, with the blanks before it.
  bool take(char wanted) {
    skip_blanks();
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }
  /// The content of a string.
  std::optional<std::string_view> text() {
    if (!take('"')) return std::nullopt;
    const char* const begin = at_;
    while (at_ != end_ && *at_ >= 0x20 && *at_ < 0x7F && *at_ != '"' && *at_ != '\\') ++at_;
    if (at_ == end_ || *at_ != '"') return std::nullopt;
    return std::string_view(begin, static_cast<std::size_t>(at_++ - begin));
  }
  /// A string and the colon after it.
  std::optional<std::string_view> key() {
    const auto name = text();
    return name && take(':') ? name : std::nullopt;
  }
  std::optional<std::int64_t> integer() {
    constexpr int most_digits = 18;  // they always fit
    skip_blanks();
    const char* const begin = at_;
    std::int64_t number = 0;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9' && at_ - begin < most_digits)
      number = number * 10 + (*at_++ - '0');
    const bool leading_zero = at_ - begin > 1 && *begin == '0';
    return at_ == begin || leading_zero ? std::nullopt : std::optional(number);
  }
  bool at_end() {
    skip_blanks();
    return at_ == end_;
  }

 private:
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  const char* at_;
  const char* end_;
};

}  // namespace inarch
