#pragma once

#include <bit>
#include <cstdint>

namespace inarch {

/// The pattern of |x|. Patterns are ordered as the magnitudes are, NaN above all, so that their
/// maximum needs no second look for NaN.
inline std::uint32_t absolute_pattern(float x) {
  return std::bit_cast<std::uint32_t>(x) & 0x7fffffffU;
}

/// The largest |x|, NaN if one is; 0 of none.
float largest_magnitude(const float* values, std::int64_t n);

/// The smallest power of two s, from 2^-126 on, such that magnitude ≤ largest·s: exact, where
/// 2^ceil(log2(magnitude / largest)) depends on how the quotient and the logarithm were rounded.
/// 1 for a magnitude of zero, NaN for one that is infinite or NaN. `largest` is positive and
/// normal.
float covering_power_of_two(float magnitude, float largest);

}  // namespace inarch
