#include "compiler/picture/page.h"

#include <limits>

#include "compiler/core/json.h"
#include "compiler/support/embedded.h"
#include "compiler/support/sha256.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::string_view page_file(std::string_view name) {
  for (const embedded::File& file : embedded::picture_pages()) {
    if (file.name == name) return file.text;
  }
  return {};
}

/// Base64 of the bytes that hexadecimal digits stand for.
std::string base64_of_hex(std::string_view hex) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  std::string out;
  unsigned held = 0;
  int bits = 0;
  for (const char c : hex) {
    held = (held << 4U) | digit(c);
    bits += 4;
    if (bits < 6) continue;
    bits -= 6;
    out += letters[(held >> static_cast<unsigned>(bits)) & 63U];
  }
  if (bits > 0) out += letters[(held << static_cast<unsigned>(6 - bits)) & 63U];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

/// JSON strings may spell any character as an escape, and '<' stands nowhere else in JSON.
std::string without_markup(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

/// Puts files and data where the page has `{{name}}`, and digests of scripts where it asks for
/// them.
class PageMaker {
 public:
  explicit PageMaker(const Value& data) : data_(data) {}

  std::string make(std::string_view page) {
    const std::string filled = fill(page);
    const std::size_t at = filled.find(digests_mark);
    if (at == filled.npos) return filled;
    return filled.substr(0, at) + digests_ + filled.substr(at + digests_mark.size());
  }

 private:
  static constexpr std::string_view digests_mark = "{{script digests}}";

  std::string fill(std::string_view page) {
    std::string out;
    while (true) {
      const std::size_t begin = page.find("{{");
      const std::size_t end = begin == page.npos ? page.npos : page.find("}}", begin);
      if (end == page.npos) return out.append(page);
      out.append(page.substr(0, begin));
      out += in_place(page.substr(begin + 2, end - begin - 2));
      page.remove_prefix(end + 2);
    }
  }

  std::string in_place(std::string_view name) {
    if (name == "data") return without_markup(write_json(data_, JsonStyle::compact));
    if (name == "script digests") return std::string(digests_mark);  // known once all are read
    if (name.substr(0, 7) != "script ") return std::string(page_file(name));
    std::string script;  // "script a.js b.js": one script, so that its parts see each other
    for (std::string_view rest = name.substr(7); !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      script += page_file(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    script = "\"use strict\";\n(() => {\n" + script + "})();\n";
    digests_ += " 'sha256-" + base64_of_hex(sha256_hex(script)) + "'";
    return "<script>" + script + "</script>";
  }

  const Value& data_;
  std::string digests_;
};

}  // namespace

std::string make_page(std::string_view name, const Value& data) {
  return PageMaker(data).make(page_file(name));
}

Value page_text(std::string_view text) {
  if (is_utf8(text)) return Value(text);
  return Value(escape_for_terminal(text, std::numeric_limits<std::size_t>::max()));
}

}  // namespace inarch
