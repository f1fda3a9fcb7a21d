#include "runtime/kernels/squares.h"

#include <algorithm>
#include <array>
#include <bit>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

// As many sums as two of the widest vectors hold, so that none waits for another.
constexpr std::int64_t sum_lanes = 16;
// Stays in the first cache between the two loops of survey().
constexpr std::int64_t squares_chunk = 4096;

using Sums = std::array<double, static_cast<std::size_t>(sum_lanes)>;

template <typename T>
[[gnu::always_inline]] inline double squares_loop(const T* values, std::int64_t n) {
  Sums sums{};
  std::int64_t i = 0;
  for (; i + sum_lanes <= n; i += sum_lanes) {
    for (std::size_t j = 0; j < sums.size(); ++j) {
      const double value = static_cast<double>(values[i + static_cast<std::int64_t>(j)]);
      sums[j] += value * value;
    }
  }
  for (std::size_t j = 0; i < n; ++i, ++j) {
    const double value = static_cast<double>(values[i]);
    sums[j] += value * value;
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

INARCH_MULTIVERSION
double add_squares(const float* values, std::int64_t n) { return squares_loop(values, n); }
INARCH_MULTIVERSION
double add_squares(const double* values, std::int64_t n) { return squares_loop(values, n); }

INARCH_MULTIVERSION
std::uint32_t largest_bits(const float* values, std::int64_t n) {
  std::uint32_t most = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    most = std::max(most, std::bit_cast<std::uint32_t>(values[i]) & 0x7fffffffU);
  }
  return most;
}

}  // namespace

double sum_of_squares(const float* values, std::int64_t n) { return add_squares(values, n); }
double sum_of_squares(const double* values, std::int64_t n) { return add_squares(values, n); }

Magnitudes survey(const float* values, std::int64_t n) {
  double squares = 0;
  std::uint32_t most = 0;
  for (std::int64_t at = 0; at < n; at += squares_chunk) {
    const std::int64_t count = std::min(squares_chunk, n - at);
    squares += add_squares(values + at, count);
    most = std::max(most, largest_bits(values + at, count));
  }
  return {squares, std::bit_cast<float>(std::min(most, 0x7f800000U))};
}

}  // namespace inarch
