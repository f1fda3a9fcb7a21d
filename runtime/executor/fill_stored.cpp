#include "runtime/executor/fill_stored.h"

#include <array>
#include <cstring>

#include "runtime/kernels/convert.h"

namespace inarch {

void fill_stored(DType dtype, double value, std::int64_t n, std::byte* target) {
  std::array<std::byte, 8> element{};
  const auto width = static_cast<std::size_t>(bytes(dtype));
  if (is_arithmetic(dtype)) {
    encode(dtype, &value, 1, element.data());
  } else if (value != 0) {
    // Two's complement, little-endian: the low bytes are the number in any width and sign.
    const auto whole = static_cast<std::int64_t>(value);
    std::memcpy(element.data(), &whole, width);
  }
  for (std::int64_t i = 0; i < n; ++i) {
    std::memcpy(target + static_cast<std::size_t>(i) * width, element.data(), width);
  }
}

}  // namespace inarch
