#include "runtime/codecs/magnitude.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

INARCH_MULTIVERSION
std::uint32_t largest_bits(const float* values, std::int64_t n) {
  std::uint32_t top = 0;
  for (std::int64_t i = 0; i < n; ++i) top = std::max(top, absolute_pattern(values[i]));
  return top;
}

}  // namespace

float largest_magnitude(const float* values, std::int64_t n) {
  return std::bit_cast<float>(largest_bits(values, n));
}

float covering_power_of_two(float magnitude, float largest) {
  if (!std::isfinite(magnitude)) return std::numeric_limits<float>::quiet_NaN();
  if (magnitude == 0) return 1;
  int above = 0;
  int top = 0;
  const float fraction = std::frexp(magnitude, &above);
  const float limit = std::frexp(largest, &top);
  return std::ldexp(1.0F, std::max(above - top + (fraction > limit ? 1 : 0), -126));
}

}  // namespace inarch
