#include "compiler/tokenize/unicode_text.h"

#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

utf8proc_category_t category(std::uint32_t character) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(character));
}

bool is_between(utf8proc_category_t found, utf8proc_category_t first, utf8proc_category_t last) {
  return found >= first && found <= last;
}

/// Each character of `text` in turn.
template <typename Use>
void for_each_character(std::string_view text, Use use) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (point.length == 0) return;
    use(point.value, text.substr(at, point.length));
    at += point.length;
  }
}

}  // namespace

std::string normalized_text(std::string_view text, NormalForm form) {
  const bool composed = form == NormalForm::nfc || form == NormalForm::nfkc;
  const bool compatible = form == NormalForm::nfkc || form == NormalForm::nfkd;
  const auto options = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | (composed ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE) |
      (compatible ? UTF8PROC_COMPAT : 0));
  utf8proc_uint8_t* found = nullptr;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t size =
      utf8proc_map(bytes, static_cast<utf8proc_ssize_t>(text.size()), &found, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> held(found, &std::free);
  if (size < 0) return std::string(text);
  return {reinterpret_cast<const char*>(found), static_cast<std::size_t>(size)};
}

std::string lowercase_text(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for_each_character(text, [&](std::uint32_t character, std::string_view) {
    if (character == 0x130) {  // the one whose lowercase is two: a dotted capital I keeps its dot
      result += "i\xCC\x87";
      return;
    }
    const auto lower = utf8proc_tolower(static_cast<utf8proc_int32_t>(character));
    append_utf8(result, static_cast<std::uint32_t>(lower));
  });
  return result;
}

std::string without_marks(std::string_view text) {
  std::string result;
  for_each_character(text, [&](std::uint32_t character, std::string_view bytes) {
    if (!is_unicode_mark(character)) result += bytes;
  });
  return result;
}

bool is_unicode_space(std::uint32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_unicode_number(std::uint32_t c) {
  return is_between(category(c), UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO);
}

bool is_unicode_punctuation(std::uint32_t c) {
  const bool ascii = (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
                     (c >= 123 && c <= 126);
  return ascii || is_between(category(c), UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PO);
}

bool is_unicode_mark(std::uint32_t c) {
  return is_between(category(c), UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_ME);
}

bool is_unicode_word(std::uint32_t c) {
  const utf8proc_category_t found = category(c);
  return is_between(found, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_ME) ||
         found == UTF8PROC_CATEGORY_ND || found == UTF8PROC_CATEGORY_NL ||
         found == UTF8PROC_CATEGORY_PC || (c >= 0x24B6 && c <= 0x24E9) || c == 0x200C ||
         c == 0x200D;
}

void append_utf8(std::string& text, std::uint32_t character) {
  utf8proc_uint8_t bytes[4] = {};
  const utf8proc_ssize_t size =
      utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

}  // namespace inarch
