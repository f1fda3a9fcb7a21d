#include "runtime/lock/numbered_name.h"

#include <charconv>

namespace inarch {

namespace {

constexpr std::size_t most_digits = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

NumberedName split_numbers(std::string_view name) {
  NumberedName split;
  split.texts.emplace_back();
  for (std::size_t at = 0; at < name.size();) {
    std::size_t end = at;
    while (end < name.size() && is_digit(name[end])) ++end;
    const std::string_view digits = name.substr(at, end - at);
    const bool plain = !digits.empty() && digits.size() <= most_digits &&
                       (digits.size() == 1 || digits.front() != '0');
    if (plain) {
      std::int64_t number = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
      split.numbers.push_back(number);
      split.texts.emplace_back();
      at = end;
    } else {
      const std::size_t length = digits.empty() ? 1 : digits.size();
      split.texts.back() += name.substr(at, length);
      at += length;
    }
  }
  return split;
}

}  // namespace inarch
