#include "compiler/core/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// An iterator that notes how far the parser has read, which its events do not tell.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  Cursor operator++(int) {
    const Cursor before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }
  friend bool operator!=(const Cursor& a, const Cursor& b) { return !(a == b); }

 private:
  const char* at_;
  const char** furthest_;
};

/// Builds a Value from parser events: the library's own tree would sort keys and let the last of
/// two equal keys win.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(std::size_t limit) : limit_(limit) {}

  bool null() override { return put(Value()); }
  bool boolean(bool b) override { return put(Value(b)); }
  bool number_integer(number_integer_t i) override { return put(Value(std::int64_t{i})); }
  bool number_unsigned(number_unsigned_t u) override {
    if (u > static_cast<number_unsigned_t>(INT64_MAX)) return put(Value(static_cast<double>(u)));
    return put(Value(static_cast<std::int64_t>(u)));
  }
  bool number_float(number_float_t d, const string_t&) override { return put(Value(d)); }
  bool string(string_t& text) override { return put(Value(std::move(text))); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Value(Value::Map{})); }
  bool start_array(std::size_t) override { return open(Value(Value::List{})); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& text) override {
    Level& level = levels_.back();
    if (!level.keys.insert(text).second) {
      fault = fmt::format("the key '{}' occurs twice", escape_for_terminal(text));
      return false;
    }
    level.pending = std::move(text);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& e) override {
    std::string text = e.what();
    const std::size_t detail = text.find(": ");
    if (detail != std::string::npos) text = text.substr(detail + 2);
    syntax_error_at = position;
    fault = escape_for_terminal(text);
    return false;
  }

  std::optional<Value> result;
  std::string fault;
  std::optional<std::size_t> syntax_error_at;  // counted from 1

 private:
  struct Level {
    Value value;
    std::string pending;
    std::unordered_set<std::string> keys;
  };

  bool put(Value value) {
    if (++count_ > limit_) {
      fault = fmt::format("more than {} values", format_count(static_cast<std::int64_t>(limit_)));
      return false;
    }
    if (levels_.empty()) {
      result = std::move(value);
      return true;
    }
    Level& level = levels_.back();
    if (auto* list = level.value.if_list()) {
      list->push_back(std::move(value));
    } else {
      level.value.if_map()->emplace_back(std::move(level.pending), std::move(value));
    }
    return true;
  }
  bool open(Value container) {
    if (levels_.size() >= 200) {
      fault = "nested more than 200 deep";
      return false;
    }
    levels_.push_back({std::move(container), {}, {}});
    return true;
  }
  bool close() {
    Value done = std::move(levels_.back().value);
    levels_.pop_back();
    return put(std::move(done));
  }

  std::vector<Level> levels_;
  std::size_t limit_;
  std::size_t count_ = 0;
};

std::string format_real(double d) {
  if (!std::isfinite(d)) return "null";
  std::string text = fmt::format("{}", d);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

void write(const Value& value, JsonStyle style, int depth, std::string& out) {
  const auto newline = [&](int level) {
    if (style == JsonStyle::indented) {
      out += '\n';
      out.append(static_cast<std::size_t>(level) * 2, ' ');
    }
  };
  const std::string_view separator = style == JsonStyle::indented ? "," : ", ";
  if (value.is_null()) {
    out += "null";
  } else if (const auto* b = value.if_bool()) {
    out += *b ? "true" : "false";
  } else if (const auto* i = value.if_int()) {
    out += std::to_string(*i);
  } else if (const auto* d = value.if_real()) {
    out += format_real(*d);
  } else if (const auto* text = value.if_text()) {
    out += json_quote(*text);
  } else if (const auto* list = value.if_list()) {
    out += '[';
    for (std::size_t k = 0; k < list->size(); ++k) {
      if (k > 0) out += separator;
      newline(depth + 1);
      write((*list)[k], style, depth + 1, out);
    }
    if (!list->empty()) newline(depth);
    out += ']';
  } else {
    const auto& map = *value.if_map();
    out += '{';
    for (std::size_t k = 0; k < map.size(); ++k) {
      if (k > 0) out += separator;
      newline(depth + 1);
      out += json_quote(map[k].first) + ": ";
      write(map[k].second, style, depth + 1, out);
    }
    if (!map.empty()) newline(depth);
    out += '}';
  }
}

}  // namespace

Result<Value> parse_json(std::string_view text, const std::string& path) {
  Builder builder(std::numeric_limits<std::size_t>::max());
  const bool read = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  if (read && builder.result) return std::move(*builder.result);
  const std::string syntax =
      builder.syntax_error_at ? fmt::format("not valid JSON at byte {}: ", *builder.syntax_error_at)
                              : "";
  return error("E420", builder.fault.empty() ? "not valid JSON" : syntax + builder.fault).in(path);
}

std::optional<Value> read_json(std::string_view text, std::size_t limit, JsonFault& fault) {
  Builder builder(limit);
  const char* furthest = text.data();
  const bool read = nlohmann::json::sax_parse(
      Cursor(text.data(), &furthest), Cursor(text.data() + text.size(), &furthest), &builder);
  if (read && builder.result) return std::move(builder.result);
  const auto consumed = static_cast<std::size_t>(furthest - text.data());
  fault.position = std::max<std::size_t>(1, builder.syntax_error_at.value_or(consumed)) - 1;
  fault.message = builder.syntax_error_at ? "not valid JSON: " + builder.fault : builder.fault;
  return std::nullopt;
}

namespace {

constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (unsigned byte = 0x20; byte < 0x7F; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

/// ASCII that stands for itself.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return plain_bytes[static_cast<unsigned char>(c)]; });
}

}  // namespace

void append_json_quote(std::string& out, std::string_view text) {
  out += '"';
  if (is_plain(text)) {
    out.append(text).append(1, '"');
    return;
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20 || byte == 0x7F) {
          out += fmt::format("\\u{:04x}", byte);
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string json_quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_json_quote(out, text);
  return out;
}

std::string write_json(const Value& value, JsonStyle style) {
  std::string out;
  write(value, style, 0, out);
  if (style == JsonStyle::indented) out += '\n';
  return out;
}

}  // namespace inarch
