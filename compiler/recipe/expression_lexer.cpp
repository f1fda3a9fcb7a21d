#include "compiler/recipe/expression_lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return is_word_start(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Longer ones first, so that `**` is not two `*`.
constexpr std::array<std::string_view, 24> symbols = {
    "==", "!=", "<=", ">=", "??", "..", "//", "**", "<", ">", "+", "-",
    "*",  "/",  "%",  "(",  ")",  "[",  "]",  ",",  ".", "{", "}", ":"};

// What people type who come from other languages, and how it is written here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> foreign = {{
    {"===", "=="},
    {"&&", "and"},
    {"||", "or"},
    {"<>", "!="},
    {"=", "=="},
    {"!", "not"},
    {"^", "**"},
    {"?", "a if condition else b"},
}};

class Lexer {
 public:
  Lexer(std::string_view text, const SpanMap& spans, Diagnostics& diagnostics)
      : text_(text), spans_(spans), diagnostics_(diagnostics) {}

  std::optional<std::vector<Token>> run() {
    while (skip_space(), at_ < text_.size()) {
      if (!read_token()) return std::nullopt;
    }
    push(Token::Kind::end, 0);
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  void push(Token::Kind kind, std::size_t length, Value value = {}) {
    tokens_.push_back({kind, text_.substr(at_, length), at_, std::move(value)});
    at_ += length;
  }
  bool fail(std::string code, std::string message, std::size_t length, std::string help = {}) {
    const std::size_t end = std::min(at_ + length, text_.size());
    diagnostics_.add(
        error(std::move(code), std::move(message)).at(spans_.part(at_, end)).hint(std::move(help)));
    return false;
  }

  bool read_token() {
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)) && !follows_value())) return read_number();
    if (c == '\'' || c == '"') return read_text(c);
    if (is_word_start(c)) return read_word();
    return read_symbol();
  }

  // In `config.5` the dot asks for a key; `.5` elsewhere is a number.
  bool follows_value() const {
    if (tokens_.empty() || tokens_.back().end() != at_) return false;
    const Token& last = tokens_.back();
    return (last.kind == Token::Kind::word && !is_reserved(last.raw)) || last.is("]") ||
           last.is(")");
  }

  bool read_word() {
    std::size_t length = 1;
    while (is_word(peek(length))) ++length;
    push(Token::Kind::word, length);
    return true;
  }

  bool read_symbol() {
    const std::string_view rest = text_.substr(at_);
    const auto symbol = std::find_if(symbols.begin(), symbols.end(),
                                     [&](std::string_view s) { return rest.starts_with(s); });
    // `==` must win over the foreign `=`, and the foreign `===` and `<>` over `==` and `<`.
    for (const auto& [theirs, ours] : foreign) {
      const std::size_t matched = symbol == symbols.end() ? 0 : symbol->size();
      if (rest.starts_with(theirs) && theirs.size() > matched) {
        return fail("E149", fmt::format("'{}' is not an operator of this language", theirs),
                    theirs.size(), fmt::format("write '{}'", ours));
      }
    }
    if (symbol == symbols.end()) return unexpected_character();
    push(Token::Kind::symbol, symbol->size());
    return true;
  }

  bool unexpected_character() {
    std::size_t length = 1;
    while ((static_cast<unsigned char>(peek(length)) & 0xC0u) == 0x80u) ++length;
    return fail(
        "E140",
        fmt::format("unexpected character '{}'", escape_for_terminal(text_.substr(at_, length))),
        length);
  }

  bool read_text(char quote) {
    std::string value;
    for (std::size_t i = 1; at_ + i < text_.size(); ++i) {
      const char c = peek(i);
      if (c == quote) {
        push(Token::Kind::literal, i + 1, std::move(value));
        return true;
      }
      if (c != '\\') {
        value += c;
        continue;
      }
      const char escaped = peek(++i);
      if (escaped != '\\' && escaped != '\'' && escaped != '"') {
        at_ += i - 1;
        return fail("E141", "a backslash in text stands before a quote or another backslash", 2,
                    "write '\\\\' for a backslash");
      }
      value += escaped;
    }
    return fail("E141", fmt::format("the text that starts with {} is not closed", quote),
                text_.size() - at_);
  }

  bool read_number() {
    std::size_t length = number_length();
    if (is_word(peek(length))) {
      while (is_word(peek(length))) ++length;
      return bad_number(length);
    }
    const std::string_view digits = text_.substr(at_, length);
    if (digits.find_first_of(".eE") == std::string_view::npos || has_radix()) {
      return read_integer(digits);
    }
    double real = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + length, real);
    if (failure != std::errc() || end != digits.data() + length) return bad_number(length);
    push(Token::Kind::literal, length, real);
    return true;
  }

  bool has_radix() const { return peek() == '0' && (peek(1) == 'x' || peek(1) == 'o'); }

  std::size_t digits_from(std::size_t i) const {
    while (is_digit(peek(i))) ++i;
    return i;
  }
  std::size_t number_length() const {
    if (has_radix()) {
      std::size_t i = 2;
      while (is_word(peek(i)) && peek(i) != '_') ++i;
      return i;
    }
    std::size_t i = digits_from(0);
    if (peek(i) == '.' && is_digit(peek(i + 1))) i = digits_from(i + 1);
    const std::size_t sign = peek(i + 1) == '+' || peek(i + 1) == '-' ? 1 : 0;
    if ((peek(i) == 'e' || peek(i) == 'E') && is_digit(peek(i + 1 + sign))) {
      i = digits_from(i + 1 + sign);
    }
    return i;
  }

  bool read_integer(std::string_view digits) {
    const int base = !has_radix() ? 10 : digits[1] == 'x' ? 16 : 8;
    if (base == 10 && digits.size() > 1 && digits[0] == '0') return bad_number(digits.size());
    const std::string_view bare = base == 10 ? digits : digits.substr(2);
    std::int64_t value = 0;
    const auto [end, failure] =
        std::from_chars(bare.data(), bare.data() + bare.size(), value, base);
    if (failure == std::errc::result_out_of_range) {
      return fail("E142", fmt::format("the integer {} does not fit 64 bits", digits),
                  digits.size());
    }
    if (failure != std::errc() || end != bare.data() + bare.size())
      return bad_number(digits.size());
    push(Token::Kind::literal, digits.size(), value);
    return true;
  }

  bool bad_number(std::size_t length) {
    const std::string_view raw = text_.substr(at_, length);
    std::string plain(raw);
    std::erase(plain, '_');
    const std::size_t first = plain.find_first_not_of('0');
    const bool digits_only = std::all_of(plain.begin(), plain.end(), is_digit);
    std::string help;
    if (digits_only && first != std::string::npos) {
      help = fmt::format("write {}", plain.substr(first));
    }
    return fail("E142", fmt::format("'{}' is not a number", raw), length, std::move(help));
  }

  std::string_view text_;
  const SpanMap& spans_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::optional<std::vector<Token>> read_tokens(std::string_view text, const SpanMap& spans,
                                              Diagnostics& diagnostics) {
  return Lexer(text, spans, diagnostics).run();
}

const std::vector<std::string_view>& reserved_words() {
  static const std::vector<std::string_view> reserved = {"and",  "or",  "not",  "in",    "if",
                                                         "else", "for", "true", "false", "null"};
  return reserved;
}

bool is_reserved(std::string_view word) {
  const auto& reserved = reserved_words();
  return std::find(reserved.begin(), reserved.end(), word) != reserved.end();
}

}  // namespace inarch
