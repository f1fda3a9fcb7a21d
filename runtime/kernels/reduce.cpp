#include "runtime/kernels/reduce.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

// Columns whose sums stay in the first-level cache while a block of rows goes by.
constexpr std::int64_t strip = 1024;

template <typename T>
[[gnu::always_inline]] inline void four_rows_loop(const T* __restrict rows, std::int64_t inner,
                                                  std::int64_t n, double* __restrict sums) {
  for (std::int64_t j = 0; j < n; ++j) {
    double sum = sums[j];
    sum += static_cast<double>(rows[j]);
    sum += static_cast<double>(rows[inner + j]);
    sum += static_cast<double>(rows[2 * inner + j]);
    sum += static_cast<double>(rows[3 * inner + j]);
    sums[j] = sum;
  }
}

template <typename T>
[[gnu::always_inline]] inline void one_row_loop(const T* __restrict row, std::int64_t n,
                                                double* __restrict sums) {
  for (std::int64_t j = 0; j < n; ++j) sums[j] += static_cast<double>(row[j]);
}

// Rows of one strip, four at a time: fewer trips of the sums through memory, the same order.
INARCH_MULTIVERSION
void add_strip(const float* rows, std::int64_t n_rows, std::int64_t inner, std::int64_t n,
               double* sums) {
  std::int64_t i = 0;
  for (; i + 4 <= n_rows; i += 4) four_rows_loop(rows + i * inner, inner, n, sums);
  for (; i < n_rows; ++i) one_row_loop(rows + i * inner, n, sums);
}
INARCH_MULTIVERSION
void add_strip(const double* rows, std::int64_t n_rows, std::int64_t inner, std::int64_t n,
               double* sums) {
  std::int64_t i = 0;
  for (; i + 4 <= n_rows; i += 4) four_rows_loop(rows + i * inner, inner, n, sums);
  for (; i < n_rows; ++i) one_row_loop(rows + i * inner, n, sums);
}

template <typename T>
void add_rows(const T* rows, std::int64_t n_rows, std::int64_t inner, double* sums) {
  for (std::int64_t j = 0; j < inner; j += strip) {
    add_strip(rows + j, n_rows, inner, std::min(strip, inner - j), sums + j);
  }
}

template <typename T>
void add_portion(const T* rows, std::int64_t first, std::int64_t n_rows, std::int64_t axis,
                 std::int64_t inner, double* block, double* sums) {
  for (std::int64_t i = 0; i < n_rows;) {
    const std::int64_t room = reduce_block_rows - (first + i) % reduce_block_rows;
    const std::int64_t count = std::min(room, n_rows - i);
    add_rows(rows + i * inner, count, inner, block);
    i += count;
    if (count == room || first + i == axis) {
      add_block(block, inner, sums);
      std::fill_n(block, inner, 0.0);
    }
  }
}

template <typename T>
void divide_values(const double* sums, std::int64_t n, std::int64_t count, T* dst) {
  const double divisor = static_cast<double>(count);
  for (std::int64_t j = 0; j < n; ++j) {
    const double mean = sums[j] / divisor;
    dst[j] = mean == mean ? static_cast<T>(mean) : std::numeric_limits<T>::quiet_NaN();
  }
}

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

void accumulate_rows(const float* rows, std::int64_t n_rows, std::int64_t inner, double* sums) {
  add_rows(rows, n_rows, inner, sums);
}

void accumulate_rows(const double* rows, std::int64_t n_rows, std::int64_t inner, double* sums) {
  add_rows(rows, n_rows, inner, sums);
}

void add_block(const double* block, std::int64_t inner, double* sums) {
  add_rows(block, 1, inner, sums);
}

void accumulate_portion(const float* rows, std::int64_t first, std::int64_t n_rows,
                        std::int64_t axis, std::int64_t inner, double* block, double* sums) {
  add_portion(rows, first, n_rows, axis, inner, block, sums);
}

void accumulate_portion(const double* rows, std::int64_t first, std::int64_t n_rows,
                        std::int64_t axis, std::int64_t inner, double* block, double* sums) {
  add_portion(rows, first, n_rows, axis, inner, block, sums);
}

void divide(const double* sums, std::int64_t n, std::int64_t count, float* dst) {
  divide_values(sums, n, count, dst);
}

void divide(const double* sums, std::int64_t n, std::int64_t count, double* dst) {
  divide_values(sums, n, count, dst);
}

double max_abs(const float* values, std::int64_t n) {
  return static_cast<double>(largest(values, n));
}
double max_abs(const double* values, std::int64_t n) { return largest(values, n); }
double max_abs_difference(const double* a, const double* b, std::int64_t n) {
  return largest_difference(a, b, n);
}
std::int64_t count_non_finite(const float* values, std::int64_t n) { return non_finite(values, n); }
std::int64_t count_non_finite(const double* values, std::int64_t n) {
  return non_finite(values, n);
}

}  // namespace inarch
