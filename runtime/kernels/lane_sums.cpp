#include "runtime/kernels/lane_sums.h"

#include <algorithm>
#include <cmath>

#include "runtime/kernels/multiversion.h"

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
[[gnu::always_inline]] inline void magnitude_loop(const T* a, std::int64_t n, std::int64_t position,
                                                  double* lanes) {
  deal_out(
      n, position,
      [&](std::int64_t i, std::int64_t lane) {
        lanes[lane] += std::abs(static_cast<double>(a[i]));
      },
      [&](std::int64_t i) {
        for (std::int64_t lane = 0; lane < sum_lanes; ++lane)
          lanes[lane] += std::abs(static_cast<double>(a[i + lane]));
      });
}

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
INARCH_MULTIVERSION
void add_magnitudes(const float* a, std::int64_t n, std::int64_t position, double* lanes) {
  magnitude_loop(a, n, position, lanes);
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
