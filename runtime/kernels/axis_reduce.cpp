#include "runtime/kernels/axis_reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

// Columns whose sums stay in the first-level cache while a block of rows goes by.
constexpr std::int64_t strip = 1024;

/// How a value enters a sum, and how two sums become one.
struct Sum {
  static double fold(double sum, double value) { return sum + value; }
  static double combine(double a, double b) { return a + b; }
};
struct Squares {
  static double fold(double sum, double value) { return sum + value * value; }
  static double combine(double a, double b) { return a + b; }
};
struct Most {
  static double fold(double most, double value) {
    return value > most || value != value ? value : most;
  }
  static double combine(double a, double b) { return fold(a, b); }
};
struct Least {
  static double fold(double least, double value) {
    return value < least || value != value ? value : least;
  }
  static double combine(double a, double b) { return fold(a, b); }
};
struct Magnitude {
  static double fold(double most, double value) { return Most::fold(most, std::fabs(value)); }
  static double combine(double a, double b) { return Most::fold(a, b); }
};

template <typename How, typename T>
[[gnu::always_inline]] inline void fold_four_rows(const T* __restrict rows, std::int64_t inner,
                                                  std::int64_t n, double* __restrict sums) {
  for (std::int64_t j = 0; j < n; ++j) {
    double sum = sums[j];
    sum = How::fold(sum, static_cast<double>(rows[j]));
    sum = How::fold(sum, static_cast<double>(rows[inner + j]));
    sum = How::fold(sum, static_cast<double>(rows[2 * inner + j]));
    sum = How::fold(sum, static_cast<double>(rows[3 * inner + j]));
    sums[j] = sum;
  }
}

template <typename How, typename T>
[[gnu::always_inline]] inline void fold_one_row(const T* __restrict row, std::int64_t n,
                                                double* __restrict sums) {
  for (std::int64_t j = 0; j < n; ++j) sums[j] = How::fold(sums[j], static_cast<double>(row[j]));
}

// Rows of one strip, four at a time: fewer trips of the sums through memory, the same order.
template <typename How, typename T>
[[gnu::always_inline]] inline void fold_rows(const T* rows, std::int64_t n_rows, std::int64_t inner,
                                             std::int64_t n, double* sums) {
  std::int64_t i = 0;
  for (; i + 4 <= n_rows; i += 4) fold_four_rows<How>(rows + i * inner, inner, n, sums);
  for (; i < n_rows; ++i) fold_one_row<How>(rows + i * inner, n, sums);
}

/// Calls `work` with the way of the reduction.
template <typename Work>
[[gnu::always_inline]] inline void with_way(Reduction reduction, Work&& work) {
  switch (reduction) {
    case Reduction::sum:
    case Reduction::mean:
      return work(Sum());
    case Reduction::norm:
      return work(Squares());
    case Reduction::max:
      return work(Most());
    case Reduction::min:
      return work(Least());
    case Reduction::max_abs:
      return work(Magnitude());
  }
}

template <typename T>
[[gnu::always_inline]] inline void fold_any(Reduction reduction, const T* rows, std::int64_t n_rows,
                                            std::int64_t inner, std::int64_t n, double* sums) {
  switch (reduction) {
    case Reduction::sum:
    case Reduction::mean:
      return fold_rows<Sum>(rows, n_rows, inner, n, sums);
    case Reduction::norm:
      return fold_rows<Squares>(rows, n_rows, inner, n, sums);
    case Reduction::max:
      return fold_rows<Most>(rows, n_rows, inner, n, sums);
    case Reduction::min:
      return fold_rows<Least>(rows, n_rows, inner, n, sums);
    case Reduction::max_abs:
      return fold_rows<Magnitude>(rows, n_rows, inner, n, sums);
  }
}

INARCH_MULTIVERSION
void fold_strip(Reduction reduction, const float* rows, std::int64_t n_rows, std::int64_t inner,
                std::int64_t n, double* sums) {
  fold_any(reduction, rows, n_rows, inner, n, sums);
}
INARCH_MULTIVERSION
void fold_strip(Reduction reduction, const double* rows, std::int64_t n_rows, std::int64_t inner,
                std::int64_t n, double* sums) {
  fold_any(reduction, rows, n_rows, inner, n, sums);
}

template <typename T>
void fold_block(Reduction reduction, const T* rows, std::int64_t n_rows, std::int64_t inner,
                double* sums) {
  for (std::int64_t j = 0; j < inner; j += strip) {
    fold_strip(reduction, rows + j, n_rows, inner, std::min(strip, inner - j), sums + j);
  }
}

double start_value(Reduction reduction) {
  if (reduction == Reduction::max) return -std::numeric_limits<double>::infinity();
  if (reduction == Reduction::min) return std::numeric_limits<double>::infinity();
  return 0;
}

void add_block(Reduction reduction, const double* block, std::int64_t inner, double* sums) {
  with_way(reduction, [&]<typename How>(How) {
    for (std::int64_t j = 0; j < inner; ++j) sums[j] = How::combine(sums[j], block[j]);
  });
}

template <typename T>
void add_portion(Reduction reduction, const T* rows, std::int64_t first, std::int64_t n_rows,
                 std::int64_t axis, std::int64_t inner, double* block, double* sums) {
  for (std::int64_t i = 0; i < n_rows;) {
    const std::int64_t room = reduce_block_rows - (first + i) % reduce_block_rows;
    const std::int64_t count = std::min(room, n_rows - i);
    fold_block(reduction, rows + i * inner, count, inner, block);
    i += count;
    if (count == room || first + i == axis) {
      add_block(reduction, block, inner, sums);
      start_reduction(reduction, inner, block);
    }
  }
}

template <typename T>
void finish_values(Reduction reduction, const double* sums, std::int64_t n, std::int64_t count,
                   T* dst) {
  for (std::int64_t j = 0; j < n; ++j) {
    double value = sums[j];
    if (reduction == Reduction::mean) value /= static_cast<double>(count);
    if (reduction == Reduction::norm) value = std::sqrt(value);
    dst[j] = value == value ? static_cast<T>(value) : std::numeric_limits<T>::quiet_NaN();
  }
}

}  // namespace

void start_reduction(Reduction reduction, std::int64_t n, double* sums) {
  std::fill_n(sums, n, start_value(reduction));
}

void reduce_portion(Reduction reduction, const float* rows, std::int64_t first, std::int64_t n_rows,
                    std::int64_t axis, std::int64_t inner, double* block, double* sums) {
  add_portion(reduction, rows, first, n_rows, axis, inner, block, sums);
}
void reduce_portion(Reduction reduction, const double* rows, std::int64_t first,
                    std::int64_t n_rows, std::int64_t axis, std::int64_t inner, double* block,
                    double* sums) {
  add_portion(reduction, rows, first, n_rows, axis, inner, block, sums);
}

void reduce_row(Reduction reduction, const float* row, std::int64_t n, double* sums) {
  fold_block(reduction, row, 1, n, sums);
}
void reduce_row(Reduction reduction, const double* row, std::int64_t n, double* sums) {
  fold_block(reduction, row, 1, n, sums);
}

void combine_sums(Reduction reduction, std::int64_t n, double* sums) {
  with_way(reduction, [&]<typename How>(How) {
    for (std::int64_t j = 1; j < n; ++j) sums[0] = How::combine(sums[0], sums[j]);
  });
}

void finish_reduction(Reduction reduction, const double* sums, std::int64_t n, std::int64_t count,
                      float* dst) {
  finish_values(reduction, sums, n, count, dst);
}
void finish_reduction(Reduction reduction, const double* sums, std::int64_t n, std::int64_t count,
                      double* dst) {
  finish_values(reduction, sums, n, count, dst);
}

}  // namespace inarch
