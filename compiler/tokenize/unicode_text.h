#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace inarch {

enum class NormalForm : std::uint8_t { nfc, nfd, nfkc, nfkd };
/// The text, which is UTF-8, in that form.
std::string normalized_text(std::string_view text, NormalForm form);
/// Each character's lowercase, without regard to what stands beside it.
std::string lowercase_text(std::string_view text);
/// Without the characters of category Mark.
std::string without_marks(std::string_view text);

/// By Unicode: the property White_Space; the categories N, P (and ASCII's symbols), M.
bool is_unicode_space(std::uint32_t character);
bool is_unicode_number(std::uint32_t character);
bool is_unicode_punctuation(std::uint32_t character);
bool is_unicode_mark(std::uint32_t character);
/// What a word consists of: letters, marks, decimal digits, connectors, joiners.
bool is_unicode_word(std::uint32_t character);

void append_utf8(std::string& text, std::uint32_t character);

}  // namespace inarch
