#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace inarch {

/// Bit patterns of floating-point types narrower than f32: f16, and f8_e5m2 and f8_e4m3 of OCP OFP8
/// 1.0. `has_infinity` is false for a type whose largest exponent holds numbers but for one NaN.
/// Free of branches, so that a loop over it vectorises: compilers turn some choices into jumps,
/// hence the masks.
template <int exponent_bits, int fraction_bits, bool has_infinity>
struct SmallFloat {
  static constexpr std::uint32_t bias = (1U << (exponent_bits - 1)) - 1;
  static constexpr int shift = 23 - fraction_bits;
  static constexpr std::uint32_t sign_bit = 1U << (exponent_bits + fraction_bits);
  static constexpr std::uint32_t fraction_mask = (1U << fraction_bits) - 1;
  /// The magnitude of infinity, or of NaN where there is none.
  static constexpr std::uint32_t top =
      has_infinity ? (sign_bit - 1) & ~fraction_mask : sign_bit - 1;
  static constexpr std::uint32_t rebias = (127 - bias) << 23;
  static constexpr std::uint32_t f32_infinity = 0x7f800000;

  /// The nearest value to an f32 pattern.
  static std::uint32_t encode(std::uint32_t f32) {
    const std::uint32_t magnitude = f32 & 0x7fffffffU;
    const std::uint32_t rebased = magnitude - rebias;
    const std::uint32_t half = (1U << (shift - 1)) - 1;
    const std::uint32_t normal = (rebased + half + ((rebased >> shift) & 1U)) >> shift;
    // A float in [2^k, 2^k+1) whose last place weighs as much as the smallest subnormal: adding it
    // makes the processor round where the subnormals end.
    constexpr std::uint32_t anchor = (127 + 24 - bias - fraction_bits) << 23;
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) +
                                                                 std::bit_cast<float>(anchor)) -
                                    anchor;
    const std::uint32_t is_subnormal = mask(magnitude < ((128 - bias) << 23));
    const std::uint32_t finite = (subnormal & is_subnormal) | (normal & ~is_subnormal);
    const std::uint32_t limited = std::min(finite, has_infinity ? top : top - 1);
    const std::uint32_t quiet = 1U << (fraction_bits - 1);
    const std::uint32_t nan =
        has_infinity ? top | quiet | ((magnitude >> shift) & fraction_mask) : top;
    const std::uint32_t is_nan = mask(magnitude > f32_infinity);
    const std::uint32_t sign = (f32 >> 31) * sign_bit;
    return sign | (nan & is_nan) | (limited & ~is_nan);
  }

  /// The f32 pattern of a value.
  static std::uint32_t decode(std::uint32_t code) {
    const std::uint32_t magnitude = code & (sign_bit - 1);
    const std::uint32_t normal = (magnitude << shift) + rebias;
    const float smallest = std::bit_cast<float>((128 - bias - fraction_bits) << 23);
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(
        static_cast<float>(static_cast<std::int32_t>(magnitude)) * smallest);
    const std::uint32_t is_subnormal = mask(magnitude <= fraction_mask);
    const std::uint32_t finite = (subnormal & is_subnormal) | (normal & ~is_subnormal);
    const std::uint32_t is_nan = mask(magnitude > (has_infinity ? top : top - 1));
    const std::uint32_t special = mask(magnitude >= top) & f32_infinity;
    const std::uint32_t sign = (code & sign_bit) << (31 - exponent_bits - fraction_bits);
    return sign | finite | special | (is_nan & 0x400000U);
  }

 private:
  static std::uint32_t mask(bool condition) { return condition ? ~0U : 0U; }
};

using Float16 = SmallFloat<5, 10, true>;
using Float8E5M2 = SmallFloat<5, 2, true>;
using Float8E4M3 = SmallFloat<4, 3, false>;

}  // namespace inarch
