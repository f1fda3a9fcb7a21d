#include "runtime/cli/shell_word.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "compiler/support/text.h"

namespace inarch {

std::string shell_word(const std::string& word) {
  constexpr std::string_view plain = "_./=:@%+,-";
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || plain.find(c) != plain.npos;
  });
  if (is_plain) return word;
  std::string quoted = "'";
  for (const char c : escape_for_terminal(word, 1000))
    quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace inarch
