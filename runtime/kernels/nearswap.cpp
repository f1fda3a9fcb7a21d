#include "runtime/kernels/nearswap.h"

#include <algorithm>
#include <cmath>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

template <typename T>
[[gnu::always_inline]] inline void nearswap_loop(const T* b, double t, std::int64_t n, T* a) {
  constexpr double least = 1e-6;
  INARCH_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    const double distance = std::abs(x - y);
    const double ratio = t / (distance > least ? distance : least);
    const double w = ratio > 1 ? 1.0 : (ratio > 0 ? ratio : 0.0);
    a[i] = static_cast<T>(w * y + (1 - w) * x);
  }
}

}  // namespace

INARCH_MULTIVERSION
void nearswap(const float* b, double t, std::int64_t n, float* a) { nearswap_loop(b, t, n, a); }
INARCH_MULTIVERSION
void nearswap(const double* b, double t, std::int64_t n, double* a) { nearswap_loop(b, t, n, a); }

}  // namespace inarch
