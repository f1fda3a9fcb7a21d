#include "compiler/tokenize/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "compiler/tokenize/unicode_text.h"

namespace inarch {

namespace {

std::array<std::string, 256> make_alphabet() {
  std::array<std::string, 256> letters;
  std::uint32_t next = 256;
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    const bool prints =
        (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    append_utf8(letters[byte], prints ? byte : next++);
  }
  return letters;
}

}  // namespace

std::string spell_bytes(std::string_view text) {
  static const std::array<std::string, 256> letters = make_alphabet();
  std::string result;
  result.reserve(text.size() + text.size() / 4);
  for (const char c : text) result += letters[static_cast<unsigned char>(c)];
  return result;
}

}  // namespace inarch
