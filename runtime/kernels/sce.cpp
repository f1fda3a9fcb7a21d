#include "runtime/kernels/sce.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

constexpr std::int64_t sce_batch = 256;
using SceSums = std::array<double, static_cast<std::size_t>(sce_batch)>;

template <typename T>
[[gnu::always_inline]] inline void total_loop(const T* d, std::int64_t n, double* __restrict sums) {
  for (std::int64_t i = 0; i < n; ++i) sums[i] += static_cast<double>(d[i]);
}
template <typename T>
[[gnu::always_inline]] inline void deviation_loop(const T* d, double share,
                                                  const double* __restrict total, std::int64_t n,
                                                  double* __restrict sums) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double deviation = static_cast<double>(d[i]) - total[i] * share;
    sums[i] += deviation * deviation;
  }
}
template <typename T>
[[gnu::always_inline]] inline void scaled_loop(const double* sums, double by, std::int64_t n,
                                               T* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(sums[i] * by);
}
INARCH_MULTIVERSION
void total(const float* d, std::int64_t n, double* sums) { total_loop(d, n, sums); }
INARCH_MULTIVERSION
void total(const double* d, std::int64_t n, double* sums) { total_loop(d, n, sums); }
INARCH_MULTIVERSION
void add_deviations(const float* d, double share, const double* total, std::int64_t n,
                    double* sums) {
  deviation_loop(d, share, total, n, sums);
}
INARCH_MULTIVERSION
void add_deviations(const double* d, double share, const double* total, std::int64_t n,
                    double* sums) {
  deviation_loop(d, share, total, n, sums);
}
INARCH_MULTIVERSION
void store_scaled(const double* sums, double by, std::int64_t n, float* out) {
  scaled_loop(sums, by, n, out);
}
INARCH_MULTIVERSION
void store_scaled(const double* sums, double by, std::int64_t n, double* out) {
  scaled_loop(sums, by, n, out);
}
template <typename T>
void variances_of(std::span<const T* const> differences, std::int64_t n, T* variances) {
  SceSums sums, squares;
  const double share = 1.0 / static_cast<double>(differences.size());
  for (std::int64_t at = 0; at < n; at += sce_batch) {
    const std::int64_t count = std::min(sce_batch, n - at);
    sums.fill(0);
    squares.fill(0);
    for (const T* d : differences) total(d + at, count, sums.data());
    for (const T* d : differences)
      add_deviations(d + at, share, sums.data(), count, squares.data());
    store_scaled(squares.data(), share, count, variances + at);
  }
}

}  // namespace

void entry_variances(std::span<const float* const> differences, std::int64_t n, float* variances) {
  variances_of(differences, n, variances);
}
void entry_variances(std::span<const double* const> differences, std::int64_t n,
                     double* variances) {
  variances_of(differences, n, variances);
}

void sce_shares(std::span<const double> mean_squares, std::span<double> shares) {
  constexpr double least = 1e-6;
  double sum = 0;
  for (const double square : mean_squares) sum += square;
  for (std::size_t k = 0; k < shares.size(); ++k) {
    shares[k] =
        std::abs(sum) < least ? 1.0 / static_cast<double>(shares.size()) : mean_squares[k] / sum;
  }
}

}  // namespace inarch
