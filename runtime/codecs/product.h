#pragma once

#include <bit>
#include <cstdint>

namespace inarch {

/// One product, rounded once. What a NaN carries depends on the order of the operands, which a
/// compiler chooses anew in each version of a loop: hence one NaN for all, 0x7fc00000. With a mask,
/// since a choice becomes a jump beside other choices, and the loop stays without vectors.
inline float canonical_product(float a, float b) {
  const auto bits = std::bit_cast<std::uint32_t>(a * b);
  const std::uint32_t is_nan = (bits & 0x7fffffffU) > 0x7f800000U ? ~0U : 0U;
  return std::bit_cast<float>((bits & ~is_nan) | (0x7fc00000U & is_nan));
}

}  // namespace inarch
