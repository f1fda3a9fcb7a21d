#include "runtime/kernels/wide_sums.h"

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

template <typename T>
[[gnu::always_inline]] inline void add_scaled_loop(double weight, const T* x, std::int64_t n,
                                                   double* __restrict sums) {
  for (std::int64_t i = 0; i < n; ++i) sums[i] += weight * static_cast<double>(x[i]);
}
template <typename T>
[[gnu::always_inline]] inline void add_difference_loop(double weight, const T* x, const T* base,
                                                       std::int64_t n, double* __restrict sums) {
  for (std::int64_t i = 0; i < n; ++i)
    sums[i] += weight * (static_cast<double>(x[i]) - static_cast<double>(base[i]));
}
template <typename T>
[[gnu::always_inline]] inline void store_sums_loop(const double* sums, std::int64_t n,
                                                   T* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(sums[i]);
}

}  // namespace

INARCH_MULTIVERSION
void add_scaled(double weight, const float* x, std::int64_t n, double* sums) {
  add_scaled_loop(weight, x, n, sums);
}
INARCH_MULTIVERSION
void add_scaled(double weight, const double* x, std::int64_t n, double* sums) {
  add_scaled_loop(weight, x, n, sums);
}
INARCH_MULTIVERSION
void add_scaled_difference(double weight, const float* x, const float* base, std::int64_t n,
                           double* sums) {
  add_difference_loop(weight, x, base, n, sums);
}
INARCH_MULTIVERSION
void add_scaled_difference(double weight, const double* x, const double* base, std::int64_t n,
                           double* sums) {
  add_difference_loop(weight, x, base, n, sums);
}
INARCH_MULTIVERSION
void store_sums(const double* sums, std::int64_t n, float* out) { store_sums_loop(sums, n, out); }
INARCH_MULTIVERSION
void store_sums(const double* sums, std::int64_t n, double* out) { store_sums_loop(sums, n, out); }

}  // namespace inarch
