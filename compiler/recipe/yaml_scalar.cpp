#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "compiler/recipe/yaml_tree.h"

namespace inarch {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_sign(char c) { return c == '+' || c == '-'; }

/// Where a run of digits ends.
std::size_t digits_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

std::optional<std::int64_t> whole_integer(std::string_view digits, int base) {
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, failure] = std::from_chars(digits.data(), end, value, base);
  if (failure != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// [-+]? ( digits [. digits?]? | . digits ) ( [eE] [-+]? digits )?, where a leading zero stands
/// alone: YAML 1.2 would read 017 as seventeen and YAML 1.1 as fifteen.
bool is_decimal(std::string_view text, bool& integer) {
  if (!text.empty() && is_sign(text[0])) text.remove_prefix(1);
  std::size_t at = digits_end(text, 0);
  const std::size_t before = at;
  if (before > 1 && text[0] == '0') return false;
  integer = true;
  std::size_t after = 0;
  if (at < text.size() && text[at] == '.') {
    integer = false;
    after = digits_end(text, at + 1) - (at + 1);
    at += 1 + after;
  }
  if (before + after == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    integer = false;
    ++at;
    if (at < text.size() && is_sign(text[at])) ++at;
    const std::size_t end = digits_end(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

std::optional<Value> special_real(std::string_view text) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const std::string_view nan : {".nan", ".NaN", ".NAN"}) {
    if (text == nan) return std::numeric_limits<double>::quiet_NaN();
  }
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && is_sign(text[0])) text.remove_prefix(1);
  for (const std::string_view name : {".inf", ".Inf", ".INF"}) {
    if (text == name) return negative ? -infinity : infinity;
  }
  return std::nullopt;
}

std::optional<Value> decimal(std::string_view text) {
  bool integer = false;
  if (!is_decimal(text, integer)) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  if (integer) {
    if (const auto value = whole_integer(text, 10)) return *value;
  }
  double real = 0;
  const auto failure = std::from_chars(text.data(), text.data() + text.size(), real).ec;
  if (failure != std::errc()) return std::nullopt;
  return real;
}

std::optional<Value> number(std::string_view text) {
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'o' || text[1] == 'x')) {
    if (is_sign(text[2])) return std::nullopt;
    const auto value = whole_integer(text.substr(2), text[1] == 'o' ? 8 : 16);
    if (value) return *value;
    return std::nullopt;
  }
  if (auto value = decimal(text)) return value;
  return special_real(text);
}

/// Digits of a base with the separators that other languages allow between them.
bool is_grouped(std::string_view text, std::string_view digits) {
  bool any = false;
  for (const char c : text) {
    if (digits.find(c) != std::string_view::npos) {
      any = true;
    } else if (c != '_') {
      return false;
    }
  }
  return any;
}

std::string without_separators(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool between =
        i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (between && std::string_view("_, '").find(text[i]) != std::string_view::npos) continue;
    out += text[i];
  }
  return out;
}

}  // namespace

Value scalar_value(const YamlNode& scalar) {
  if (scalar.is_null()) return {};
  const std::string& text = scalar.text;
  if (scalar.quoted) return text;
  for (const std::string_view word : {"true", "True", "TRUE"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"false", "False", "FALSE"}) {
    if (text == word) return false;
  }
  if (auto value = number(text)) return *value;
  return text;
}

bool looks_like_number(std::string_view text) {
  if (text.empty() || text.size() > 400 || number(text)) return false;
  if (is_sign(text[0])) text.remove_prefix(1);
  for (const std::string_view word :
       {"inf", "Inf", "INF", "infinity", "Infinity", "nan", "NaN", "NAN"}) {
    if (text == word) return true;
  }
  const std::string_view prefix = text.substr(0, 2);
  if (prefix == "0b" || prefix == "0B") return is_grouped(text.substr(2), "01");
  if (prefix == "0o" || prefix == "0O") return is_grouped(text.substr(2), "01234567");
  if (prefix == "0x" || prefix == "0X") {
    return is_grouped(text.substr(2), "0123456789abcdefABCDEF");
  }
  std::string plain = without_separators(text);
  if (!plain.empty() && plain.back() == '%') plain.pop_back();
  while (plain.size() > 1 && plain[0] == '0' && is_digit(plain[1])) plain.erase(0, 1);
  bool integer = false;
  return is_decimal(plain, integer);
}

}  // namespace inarch
