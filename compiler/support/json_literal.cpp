#include "compiler/support/json_literal.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

std::string json_literal(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    if (c.length == 0) {
      out += "\\ufffd";
    } else if (c.value == '"' || c.value == '\\') {
      out += '\\';
      out += text[at];
    } else if (c.value == '\n') {
      out += "\\n";
    } else if (c.value < 0x20 || c.value == 0x7F) {
      out += fmt::format("\\u{:04x}", c.value);
    } else {
      out += text.substr(at, c.length);
    }
    at += std::max<std::size_t>(c.length, 1);
  }
  return out + '"';
}

}  // namespace inarch
