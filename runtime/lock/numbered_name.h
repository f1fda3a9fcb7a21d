#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// A name apart: text, number, text, …, text. Digits that would be written otherwise (007), or that
/// are too many, are text.
struct NumberedName {
  std::vector<std::string> texts;  // one more than numbers
  std::vector<std::int64_t> numbers;
};

NumberedName split_numbers(std::string_view name);

}  // namespace inarch
