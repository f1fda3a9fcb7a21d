#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/kernels/low_rank_parts.h"
#include "runtime/kernels/squares.h"

namespace inarch {

namespace {

constexpr int most_rounds = 4;

/// The Gram matrix of z[rows, count] in buffers.matrix.
void gram_of(const float* z, std::int64_t rows, std::int64_t count, const KrylovBuffers& buffers) {
  std::fill_n(buffers.matrix.data(), count * count, 0.0);
  double* const converted = buffers.rows.data();
  for (std::int64_t at = 0; at < rows; at += f64_rows) {
    const std::int64_t portion = std::min(f64_rows, rows - at);
    std::copy_n(z + at * count, portion * count, converted);
    add_gram(portion, count, {converted, count}, buffers.matrix.data());
  }
}

/// The same from the Cholesky factor L of the matrix, as the inverse of Lᵀ, in a tenth of the time.
/// Nothing is kept where a pivot is small, and then the upper triangle is as it was.
Whitening whitening_by_cholesky(std::int64_t n, double least, const KrylovBuffers& buffers) {
  double* const g = buffers.matrix.data();
  double* const roots = buffers.values.data();  // the diagonal of L, whose rest is below that of g
  double greatest = 0;
  for (std::int64_t i = 0; i < n; ++i) greatest = std::max(greatest, g[i * n + i]);
  double smallest = greatest;
  for (std::int64_t i = 0; i < n; ++i) {
    double pivot = g[i * n + i];
    for (std::int64_t j = 0; j < i; ++j) {
      double rest = g[j * n + i];
      for (std::int64_t k = 0; k < j; ++k) rest -= g[i * n + k] * g[j * n + k];
      const double entry = rest / roots[j];
      g[i * n + j] = entry;
      pivot -= entry * entry;
    }
    if (!(pivot > 0) || pivot < least || pivot < 1e-3 * greatest) return {0, 0};
    roots[i] = std::sqrt(pivot);
    smallest = std::min(smallest, pivot);
  }
  double* const inverse = buffers.eigen.reals.data();
  for (std::int64_t i = 0; i < n; ++i) {
    double* const row = inverse + i * n;
    std::fill_n(row, n, 0.0);
    for (std::int64_t k = 0; k < i; ++k) {
      const double entry = g[i * n + k];
      for (std::int64_t j = 0; j <= k; ++j) row[j] -= entry * inverse[k * n + j];
    }
    row[i] = 1;
    for (std::int64_t j = 0; j <= i; ++j) {
      row[j] /= roots[i];
    }
    for (std::int64_t j = 0; j < n; ++j) {
      buffers.c[static_cast<std::size_t>(j * n + i)] = static_cast<float>(row[j]);
    }
  }
  return {n, smallest};
}

}  // namespace

Whitening whitening(std::int64_t n, double least, const KrylovBuffers& buffers) {
  const Whitening quick = whitening_by_cholesky(n, least, buffers);
  if (quick.kept > 0) return quick;
  const std::span<double> values = buffers.values;
  if (!symmetric_eigen(n, true, buffers.matrix.data(), values.data(), buffers.eigen))
    return {-1, 0};
  std::int64_t kept = 0;
  while (kept < n && values[static_cast<std::size_t>(kept)] > 0 &&
         values[static_cast<std::size_t>(kept)] >= least) {
    ++kept;
  }
  for (std::int64_t j = 0; j < kept; ++j) {
    const double factor = 1 / std::sqrt(values[static_cast<std::size_t>(j)]);
    const double* const vector = buffers.matrix.data() + j * n;
    for (std::int64_t i = 0; i < n; ++i) {
      buffers.c[static_cast<std::size_t>(i * kept + j)] = static_cast<float>(vector[i] * factor);
    }
  }
  return {kept, kept > 0 ? values[static_cast<std::size_t>(kept - 1)] : 0.0};
}

// By eigenvectors of the Gram matrix (Stathopoulos and Wu, "A block orthogonalization procedure
// with constant synchronization requirements", SIAM J. Sci. Comput. 23, 2002), which tells what
// depends on what, where a Cholesky factor would fail. The Gram matrix is of f32 in f64, so it is
// good for columns that are dependent up to f32's precision; the second round removes what the
// first one's rounding in f32 has left.
std::int64_t append_orthonormal(const LowRankShape& shape, const KrylovBuffers& buffers,
                                std::int64_t have, std::int64_t count) {
  float* z = buffers.z.data();
  float* next = buffers.z2.data();
  float* const v = buffers.v.data();
  // What is below 2e-7 of what was projected is rounding.
  double least = 4e-14 * sum_of_squares(z, shape.wide * count);
  for (int round = 0; count > 0; ++round) {
    if (have > 0) {
      multiply(have, count, shape.wide, {v, shape.basis, true}, {z, count}, ProductMode::set,
               buffers.c.data(), count);
      multiply(shape.wide, count, have, {v, shape.basis}, {buffers.c.data(), count},
               ProductMode::subtract, z, count);
    }
    gram_of(z, shape.wide, count, buffers);
    const Whitening white = whitening(count, least, buffers);
    const std::int64_t kept = white.kept;
    if (kept <= 0) return kept;
    const bool last = round > 0 && (round == most_rounds || white.smallest > 0.5);
    multiply(shape.wide, kept, count, {z, count}, {buffers.c.data(), kept}, ProductMode::set,
             last ? v + have : next, last ? shape.basis : kept);
    count = kept;
    if (last) break;
    // Columns are units now, but for rounding; one that is shorter than a tenth was nothing else.
    least = 1e-2;
    std::swap(z, next);
  }
  return count;
}

}  // namespace inarch
