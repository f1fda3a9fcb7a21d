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
/// Adds to `kept` and `shares` where the sign is the elected one, +1 or −1.
template <typename T>
[[gnu::always_inline]] inline void erase_loop(const T* d, double share,
                                              const double* __restrict elected, std::int64_t n,
                                              double* __restrict kept, double* __restrict shares) {
  for (std::int64_t i = 0; i < n; ++i) {
    const auto value = static_cast<double>(d[i]);
    const bool agrees = value * elected[i] > 0;
    kept[i] += agrees ? share * value : 0.0;
    shares[i] += agrees ? share : 0.0;
  }
}
template <typename T>
[[gnu::always_inline]] inline void scaled_loop(const double* sums, double by, std::int64_t n,
                                               T* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(sums[i] * by);
}
template <typename T>
[[gnu::always_inline]] inline void quotient_loop(const double* sums, const double* shares,
                                                 std::int64_t n, T* __restrict out) {
  constexpr double least = 1e-6;
  for (std::int64_t i = 0; i < n; ++i)
    out[i] = static_cast<T>(sums[i] / (shares[i] < least ? least : shares[i]));
}

INARCH_MULTIVERSION
void total(const float* d, std::int64_t n, double* sums) { total_loop(d, n, sums); }
INARCH_MULTIVERSION
void total(const double* d, std::int64_t n, double* sums) { total_loop(d, n, sums); }
INARCH_MULTIVERSION
void elect_signs(std::int64_t n, double* sums) {
  for (std::int64_t i = 0; i < n; ++i) sums[i] = sums[i] >= 0 ? 1.0 : -1.0;
}
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
void erase(const float* d, double share, const double* elected, std::int64_t n, double* kept,
           double* shares) {
  erase_loop(d, share, elected, n, kept, shares);
}
INARCH_MULTIVERSION
void erase(const double* d, double share, const double* elected, std::int64_t n, double* kept,
           double* shares) {
  erase_loop(d, share, elected, n, kept, shares);
}
INARCH_MULTIVERSION
void store_scaled(const double* sums, double by, std::int64_t n, float* out) {
  scaled_loop(sums, by, n, out);
}
INARCH_MULTIVERSION
void store_scaled(const double* sums, double by, std::int64_t n, double* out) {
  scaled_loop(sums, by, n, out);
}
INARCH_MULTIVERSION
void store_quotients(const double* sums, const double* shares, std::int64_t n, float* out) {
  quotient_loop(sums, shares, n, out);
}
INARCH_MULTIVERSION
void store_quotients(const double* sums, const double* shares, std::int64_t n, double* out) {
  quotient_loop(sums, shares, n, out);
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

template <typename T>
void sum_values(std::span<const T* const> differences, std::span<const double> shares,
                std::int64_t n, T* result) {
  SceSums elected, kept, divisors;
  for (std::int64_t at = 0; at < n; at += sce_batch) {
    const std::int64_t count = std::min(sce_batch, n - at);
    elected.fill(0);
    kept.fill(0);
    divisors.fill(0);
    for (const T* d : differences) total(d + at, count, elected.data());
    elect_signs(count, elected.data());
    for (std::size_t k = 0; k < differences.size(); ++k)
      erase(differences[k] + at, shares[k], elected.data(), count, kept.data(), divisors.data());
    store_quotients(kept.data(), divisors.data(), count, result + at);
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

void sce_sum(std::span<const float* const> differences, std::span<const double> shares,
             std::int64_t n, float* result) {
  sum_values(differences, shares, n, result);
}
void sce_sum(std::span<const double* const> differences, std::span<const double> shares,
             std::int64_t n, double* result) {
  sum_values(differences, shares, n, result);
}

}  // namespace inarch
