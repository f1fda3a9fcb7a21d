#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// The 8 bytes that state a header's length.
inline std::string length_prefix(std::uint64_t length) {
  std::string bytes;
  for (unsigned int shift = 0; shift < 64; shift += 8) {
    bytes += static_cast<char>(length >> shift & 0xFFu);
  }
  return bytes;
}

/// A file with this header, to the letter, and this many bytes of data.
inline std::string raw_safetensors(std::string_view json, std::size_t data_bytes) {
  return length_prefix(json.size()) + std::string(json) + std::string(data_bytes, 'd');
}

/// One U8 tensor of `bytes` bytes.
inline std::string one_tensor(std::string_view name, std::size_t bytes) {
  const std::string size = std::to_string(bytes);
  return raw_safetensors("{\"" + std::string(name) + "\":{\"dtype\":\"U8\",\"shape\":[" + size +
                             "],\"data_offsets\":[0," + size + "]}}",
                         bytes);
}

/// "E404 E410": the codes of all findings in their order.
inline std::string codes(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& finding : diagnostics.list()) {
    if (!text.empty()) text += ' ';
    text += finding.code;
  }
  return text;
}

/// "E404 message | note = help [subject]", one line per finding.
inline std::string described(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& finding : diagnostics.list()) {
    text += finding.code + " " + finding.message;
    for (const std::string& note : finding.notes) text += " | " + note;
    if (!finding.help.empty()) text += " = " + finding.help;
    text += " [" + finding.subject + "]\n";
  }
  return text;
}

}  // namespace inarch
