#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// Makes text from a file safe for a terminal: control bytes, escapes, invalid UTF-8 and
/// bidirectional overrides become \xNN or \u{NNNN}; more than `limit` characters are cut with "…".
std::string escape_for_terminal(std::string_view text, std::size_t limit = 200);

/// The candidate that a person most likely meant by `word`, or "" when none is near: the least
/// Damerau–Levenshtein distance, at most a third of the word's length (at least 1).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "a, b and c"; at most `limit` names, then "and 12 more".
std::string join_names(const std::vector<std::string>& names, std::size_t limit = 6);

/// Digits are compared by value: layers.2 comes before layers.10.
bool natural_less(std::string_view a, std::string_view b);

/// True for well-formed UTF-8 without surrogates and overlong forms.
bool is_utf8(std::string_view text);

/// One Unicode character and its bytes; a length of 0 says that the bytes are not well-formed
/// UTF-8.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;
};

/// The character that starts at byte `at`, which must lie inside the text.
CodePoint decode_utf8(std::string_view text, std::size_t at);

/// Characters that reorder or hide text on a screen: bidirectional controls, byte order marks, C1
/// controls.
bool is_bidi_or_invisible(std::uint32_t code_point);

}  // namespace inarch
