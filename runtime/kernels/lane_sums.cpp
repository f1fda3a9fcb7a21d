#include "runtime/kernels/lane_sums.h"

#include <algorithm>
#include <cmath>

#include "runtime/kernels/multiversion.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace inarch {

namespace {

/// Elements one by one up to a multiple of the lanes, whole rounds, and the rest.
template <typename Each, typename Round>
[[gnu::always_inline]] inline void deal_out(std::int64_t n, std::int64_t position, Each each,
                                            Round round) {
  const std::int64_t first = (sum_lanes - position % sum_lanes) % sum_lanes;
  const std::int64_t begin = std::min(first, n);
  for (std::int64_t i = 0; i < begin; ++i) each(i, (position + i) % sum_lanes);
  std::int64_t i = begin;
  for (; i + sum_lanes <= n; i += sum_lanes) round(i);
  for (std::int64_t lane = 0; i < n; ++i, ++lane) each(i, lane);
}

template <typename T>
[[gnu::always_inline]] inline void product_loop(const T* a, const T* b, std::int64_t n,
                                                std::int64_t position, double* lanes) {
  deal_out(
      n, position,
      [&](std::int64_t i, std::int64_t lane) {
        lanes[lane] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      },
      [&](std::int64_t i) {
        for (std::int64_t lane = 0; lane < sum_lanes; ++lane)
          lanes[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
      });
}

template <typename T>
[[gnu::always_inline]] inline double magnitude_of(T value) {
  return std::abs(static_cast<double>(value));
}

template <typename T>
[[gnu::always_inline]] inline void magnitude_loop(const T* a, std::int64_t n, std::int64_t position,
                                                  double* lanes) {
  deal_out(
      n, position, [&](std::int64_t i, std::int64_t lane) { lanes[lane] += magnitude_of(a[i]); },
      [&](std::int64_t i) {
        for (std::int64_t lane = 0; lane < sum_lanes; ++lane)
          lanes[lane] += magnitude_of(a[i + lane]);
      });
}

[[gnu::always_inline]] inline bool is_masked_in(const std::uint8_t* mask, std::int64_t i) {
  return ((mask[i / 8] >> (i % 8)) & 1) != 0;
}

template <typename T>
[[gnu::always_inline]] inline void masked_loop(const std::uint8_t* mask, std::int64_t first,
                                               const T* a, std::int64_t n, std::int64_t position,
                                               double* lanes) {
  const auto each = [&](std::int64_t i, std::int64_t lane) {
    lanes[lane] += is_masked_in(mask, first + i) ? magnitude_of(a[i]) : 0.0;
  };
  deal_out(n, position, each, [&](std::int64_t i) {
    for (std::int64_t lane = 0; lane < sum_lanes; ++lane) each(i + lane, lane);
  });
}

#if defined(__x86_64__)

/// Whole rounds with the lanes in registers; how many elements that were. (g++ 12 takes the
/// conversion without a mask for one of something uninitialised.)
__attribute__((target("avx512f,avx512dq"))) std::int64_t add_rounds_avx512(const float* a,
                                                                           std::int64_t n,
                                                                           double* lanes) {
  __m512d sums[8];
  for (int k = 0; k < 8; ++k) sums[k] = _mm512_loadu_pd(lanes + 8 * k);
  std::int64_t i = 0;
  for (; i + sum_lanes <= n; i += sum_lanes) {
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k)
      sums[k] = _mm512_add_pd(sums[k], _mm512_abs_pd(_mm512_maskz_cvtps_pd(
                                           0xff, _mm256_loadu_ps(a + i + std::int64_t{8} * k))));
  }
  for (int k = 0; k < 8; ++k) _mm512_storeu_pd(lanes + 8 * k, sums[k]);
  return i;
}

/// The same of what has a bit; the mask begins with a byte's lowest.
__attribute__((target("avx512f,avx512dq"))) std::int64_t add_masked_rounds_avx512(
    const std::uint8_t* mask, const float* a, std::int64_t n, double* lanes) {
  __m512d sums[8];
  for (int k = 0; k < 8; ++k) sums[k] = _mm512_loadu_pd(lanes + 8 * k);
  std::int64_t i = 0;
  for (; i + sum_lanes <= n; i += sum_lanes) {
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) {
      const __m512d magnitudes =
          _mm512_abs_pd(_mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(a + i + std::int64_t{8} * k)));
      sums[k] = _mm512_mask_add_pd(sums[k], mask[i / 8 + k], sums[k], magnitudes);
    }
  }
  for (int k = 0; k < 8; ++k) _mm512_storeu_pd(lanes + 8 * k, sums[k]);
  return i;
}

bool lanes_fit_registers() {
  static const bool has =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0;
  return has;
}

#endif

}  // namespace

INARCH_MULTIVERSION
void add_products(const float* a, const float* b, std::int64_t n, std::int64_t position,
                  double* lanes) {
  product_loop(a, b, n, position, lanes);
}
INARCH_MULTIVERSION
void add_products(const double* a, const double* b, std::int64_t n, std::int64_t position,
                  double* lanes) {
  product_loop(a, b, n, position, lanes);
}
namespace {

INARCH_MULTIVERSION
void add_any_magnitudes(const float* a, std::int64_t n, std::int64_t position, double* lanes) {
  magnitude_loop(a, n, position, lanes);
}
INARCH_MULTIVERSION
void add_any_masked(const std::uint8_t* mask, std::int64_t first, const float* a, std::int64_t n,
                    std::int64_t position, double* lanes) {
  masked_loop(mask, first, a, n, position, lanes);
}

}  // namespace

void add_magnitudes(const float* a, std::int64_t n, std::int64_t position, double* lanes) {
  std::int64_t done = 0;
#if defined(__x86_64__)
  if (position % sum_lanes == 0 && lanes_fit_registers()) done = add_rounds_avx512(a, n, lanes);
#endif
  add_any_magnitudes(a + done, n - done, position + done, lanes);
}
void add_masked_magnitudes(const std::uint8_t* mask, std::int64_t first, const float* a,
                           std::int64_t n, std::int64_t position, double* lanes) {
  std::int64_t done = 0;
#if defined(__x86_64__)
  if (position % sum_lanes == 0 && first % 8 == 0 && lanes_fit_registers())
    done = add_masked_rounds_avx512(mask + first / 8, a, n, lanes);
#endif
  add_any_masked(mask, first + done, a + done, n - done, position + done, lanes);
}
INARCH_MULTIVERSION
void add_masked_magnitudes(const std::uint8_t* mask, std::int64_t first, const double* a,
                           std::int64_t n, std::int64_t position, double* lanes) {
  masked_loop(mask, first, a, n, position, lanes);
}
INARCH_MULTIVERSION
void add_magnitudes(const double* a, std::int64_t n, std::int64_t position, double* lanes) {
  magnitude_loop(a, n, position, lanes);
}

double sum_of_lanes(const double* lanes) {
  double sum = 0;
  for (std::int64_t lane = 0; lane < sum_lanes; ++lane) sum += lanes[lane];
  return sum;
}

}  // namespace inarch
