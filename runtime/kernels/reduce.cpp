#include "runtime/kernels/reduce.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

// Magnitudes of floats are ordered as their bits are, and integers have a maximum in any order.
INARCH_MULTIVERSION
float largest(const float* values, std::int64_t n) {
  std::uint32_t most = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(values[i]) & 0x7fffffffU;
    most = std::max(most, magnitude > 0x7f800000U ? 0U : magnitude);
  }
  return std::bit_cast<float>(most);
}

constexpr std::int64_t f64_magnitude = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t f64_infinity = std::int64_t{0x7ff} << 52;

INARCH_MULTIVERSION
double largest(const double* values, std::int64_t n) {
  std::int64_t most = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t magnitude = std::bit_cast<std::int64_t>(values[i]) & f64_magnitude;
    most = std::max(most, magnitude > f64_infinity ? std::int64_t{0} : magnitude);
  }
  return std::bit_cast<double>(most);
}

INARCH_MULTIVERSION
double largest_difference(const double* a, const double* b, std::int64_t n) {
  std::int64_t most = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const bool same = a[i] == b[i] || (a[i] != a[i] && b[i] != b[i]);
    const std::int64_t gap = std::bit_cast<std::int64_t>(a[i] - b[i]) & f64_magnitude;
    most = std::max(most, same ? std::int64_t{0} : std::min(gap, f64_infinity));
  }
  return std::bit_cast<double>(most);
}

INARCH_MULTIVERSION
std::int64_t non_finite(const float* values, std::int64_t n) {
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(values[i]) & 0x7fffffffU;
    count += magnitude >= 0x7f800000U ? 1 : 0;
  }
  return count;
}

INARCH_MULTIVERSION
std::int64_t non_finite(const double* values, std::int64_t n) {
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t magnitude = std::bit_cast<std::int64_t>(values[i]) & f64_magnitude;
    count += magnitude >= f64_infinity ? 1 : 0;
  }
  return count;
}

}  // namespace

double max_abs(const float* values, std::int64_t n) {
  return static_cast<double>(largest(values, n));
}
double max_abs(const double* values, std::int64_t n) { return largest(values, n); }
double max_abs_difference(const double* a, const double* b, std::int64_t n) {
  return largest_difference(a, b, n);
}
double max_excess(const double* a, const double* b, std::int64_t n) {
  double most = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (a[i] <= b[i]) continue;
    const double excess = a[i] - b[i];  // ∞ − b too
    most = std::max(most, excess == excess ? excess : std::numeric_limits<double>::infinity());
  }
  return most;
}
std::int64_t count_non_finite(const float* values, std::int64_t n) { return non_finite(values, n); }
std::int64_t count_non_finite(const double* values, std::int64_t n) {
  return non_finite(values, n);
}

}  // namespace inarch
