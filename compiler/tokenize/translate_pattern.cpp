#include <fmt/format.h>

#include "compiler/support/text.h"
#include "compiler/tokenize/text_pattern.h"

namespace inarch {

// White_Space, and Alphabetic with marks, digits and connectors: PCRE2's own \s and \w differ in
// single characters. Letters that are symbols by category stand as ranges; of the numbers that are
// no digits Oniguruma counts those of Latin-1, outside of brackets alone.
const std::string_view space_class =
    R"(\t-\r\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
const std::string_view word_class =
    R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})";

namespace {

// All that space_class leaves out, for \S inside of a class.
constexpr std::string_view not_space_class =
    R"(\x00-\x08\x0e-\x1f!-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff})";
constexpr std::string_view hex_class = "0-9a-fA-F";
constexpr std::string_view latin_numbers = R"(\xb2\xb3\xb9\xbc-\xbe)";

class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> run() {
    if (pattern_.size() > 10'000) return unknown("more than 10,000 characters");
    while (at_ < pattern_.size()) {
      const std::string_view fault = in_class_ ? inside() : outside();
      if (!fault.empty()) return unknown(fault);
    }
    return std::move(result_);
  }

 private:
  Diagnostic unknown(std::string_view what) const {
    return error("E592", fmt::format("a pattern of the tokenizer has {}, which is not known", what))
        .note(escape_for_terminal(pattern_, 120));
  }

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }
  void copy(std::size_t count) {
    result_ += pattern_.substr(at_, count);
    at_ += count;
  }
  void put_class(std::string_view members, bool negated = false) {
    result_ +=
        in_class_ ? std::string(members) : fmt::format("[{}{}]", negated ? "^" : "", members);
    at_ += 2;
  }

  /// What is not known, or "".
  std::string_view escape() {
    const char letter = peek(1);
    switch (letter) {
      case '\0':
        return "a backslash at its end";
      case 's':
        put_class(space_class);
        return {};
      case 'S':
        put_class(in_class_ ? not_space_class : space_class, true);
        return {};
      case 'w':
        put_class(fmt::format("{}{}", word_class, in_class_ ? "" : latin_numbers));
        return {};
      case 'h':
        put_class(hex_class);
        return {};
      case 'W':
        if (in_class_) return "\\W in brackets";
        put_class(fmt::format("{}{}", word_class, latin_numbers), true);
        return {};
      case 'H':
        if (in_class_) return "\\H in brackets";
        put_class(hex_class, true);
        return {};
      case 'u':
        result_ += "\\x{";
        result_ += pattern_.substr(at_ + 2, 4);
        result_ += '}';
        at_ += 6;
        return at_ <= pattern_.size() ? "" : "\\u with less than four digits";
      default:
        return plain_escape(letter);
    }
  }

  std::string_view plain_escape(char letter) {
    static constexpr std::string_view others = "GKkgyYNORXCMcQEUL";
    if (others.find(letter) != std::string_view::npos) return "an escape like \\G, \\K or \\R";
    if ((letter == 'p' || letter == 'P') && peek(2) == '{') return property();
    if (letter == 'x' && peek(2) == '{') {
      const std::size_t end = pattern_.find('}', at_);
      if (end == std::string_view::npos) return "a brace that is not closed";
      copy(end + 1 - at_);
    } else {
      copy(2);
    }
    return {};
  }

  /// A category, or a script: PCRE2 takes the bare name of one for all characters that it uses,
  /// too.
  std::string_view property() {
    const std::size_t end = pattern_.find('}', at_);
    if (end == std::string_view::npos) return "a brace that is not closed";
    std::string_view named = pattern_.substr(at_ + 3, end - at_ - 3);
    const std::string_view negation = named.starts_with('^') ? "^" : "";
    named.remove_prefix(negation.size());
    const bool category = named.size() <= 2 || named == "Any";
    result_ += fmt::format("{}{{{}{}{}}}", pattern_.substr(at_, 2), negation,
                           category ? "" : "sc:", named);
    at_ = end + 1;
    return {};
  }

  std::string_view inside() {
    const char c = peek();
    if (c == '\\') return escape();
    if (c == '&' && peek(1) == '&') return "&& in brackets";
    if (c == '[') return "brackets in brackets";
    if (c == ']') in_class_ = false;
    copy(1);
    return {};
  }

  std::string_view outside() {
    switch (peek()) {
      case '\\':
        return escape();
      case '[':
        copy(peek(1) == '^' ? 2 : 1);
        if (peek() == ']') copy(1);  // the first one is a member
        in_class_ = true;
        return {};
      case '(':
        return group();
      case '{':
        return count();
      default:
        copy(1);
        return {};
    }
  }

  std::string_view group() {
    if (peek(1) == '*') return "a verb like (*F)";
    if (peek(1) != '?') {
      copy(1);
      return {};
    }
    for (const std::string_view known :
         {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:"}) {
      if (pattern_.substr(at_, known.size()) != known) continue;
      copy(known.size());
      return {};
    }
    // In the middle of a pattern it takes in all alternatives that follow, which PCRE2's does not.
    if (pattern_.substr(at_, 4) == "(?i)" && at_ == 0) {
      copy(4);
      return {};
    }
    return "a group of a kind like (?m: or (?<name>";
  }

  /// A plus sign behind {n,m} repeats it in Ruby's syntax, and makes it possessive in Perl's.
  std::string_view count() {
    const std::size_t end = pattern_.find('}', at_);
    if (end == std::string_view::npos || peek(1) == ',') return "a brace that is no count";
    copy(end + 1 - at_);
    return peek() == '+' ? "a plus sign behind a count" : "";
  }

  std::string_view pattern_;
  std::string result_;
  std::size_t at_ = 0;
  bool in_class_ = false;
};

}  // namespace

Result<std::string> translate_pattern(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace inarch
