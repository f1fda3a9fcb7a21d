#include "runtime/codecs/packed_e2m1.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "runtime/codecs/magnitude.h"
#include "runtime/codecs/nibbles.h"
#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

constexpr std::int64_t chunk = 1024;  // codes on the stack; even
constexpr std::array<float, 16> values_of_codes = {0.0F,  0.5F,  1.0F,  1.5F,  2.0F,  3.0F,
                                                   4.0F,  6.0F,  -0.0F, -0.5F, -1.0F, -1.5F,
                                                   -2.0F, -3.0F, -4.0F, -6.0F};
constexpr NibblePairs pairs = nibble_pairs(values_of_codes, NibbleOrder::low_first);

// A code is the number of midpoints below the magnitude. A midpoint itself counts where the code
// above it is the even one. Written as what is not reached, so that NaN passes them all.
INARCH_MULTIVERSION
void encode_run(const float* __restrict values, std::int64_t n, float scale,
                unsigned char* __restrict codes) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float quotient = values[i] / scale;
    const float x = std::fabs(quotient);
    const std::uint32_t missed = (x <= 0.25F ? 1U : 0U) + (x < 0.75F ? 1U : 0U) +
                                 (x <= 1.25F ? 1U : 0U) + (x < 1.75F ? 1U : 0U) +
                                 (x <= 2.5F ? 1U : 0U) + (x < 3.5F ? 1U : 0U) +
                                 (x <= 5.0F ? 1U : 0U);
    const std::uint32_t negative = x == x ? std::bit_cast<std::uint32_t>(quotient) >> 31 : 0U;
    codes[i] = static_cast<unsigned char>((7U - missed) | negative << 3);
  }
}

}  // namespace

void decode_e2m1(const unsigned char* packed, const float* scales, std::int64_t group,
                 std::int64_t begin, std::int64_t n, float* out) {
  decode_nibbles(pairs, packed, scales, group, begin, n, out);
}

void group_magnitudes(const float* values, std::int64_t group, std::int64_t n, float* magnitudes) {
  for (std::int64_t i = 0; i < n; i += group) {
    *magnitudes++ = largest_magnitude(values + i, std::min(group, n - i));
  }
}

float e2m1_scale(float magnitude) { return covering_power_of_two(magnitude, 6.0F); }

float e2m1_scale_ocp(float magnitude) {
  if (magnitude == 0 || !std::isfinite(magnitude)) return e2m1_scale(magnitude);
  return std::ldexp(1.0F, std::max(std::ilogb(magnitude) - 2, -127));
}

void encode_e2m1(const float* values, const float* scales, std::int64_t group, std::int64_t n,
                 unsigned char* packed) {
  std::array<unsigned char, chunk> codes;
  std::int64_t left_in_group = group;
  while (n > 0) {
    const std::int64_t count = std::min(chunk, n);
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t run = std::min(left_in_group, count - done);
      encode_run(values + done, run, *scales, codes.data() + done);
      done += run;
      left_in_group -= run;
      if (left_in_group == 0) ++scales, left_in_group = group;
    }
    pack_nibbles(NibbleOrder::low_first, codes.data(), count, packed);
    values += count;
    packed += chunk / 2;
    n -= count;
  }
}

}  // namespace inarch
