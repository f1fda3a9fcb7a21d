#include "runtime/kernels/fusion.h"

#include <algorithm>
#include <cmath>

namespace inarch {

namespace {

constexpr double softmax_floor = 1e-8;

template <typename T>
void largest_of(const T* x, const T* base, std::int64_t n, RowDivergence& row) {
  for (std::int64_t i = 0; i < n; ++i) {
    row.most_x = std::max(row.most_x, static_cast<double>(x[i]));
    row.most_base = std::max(row.most_base, static_cast<double>(base[i]));
  }
}

template <typename T>
void exponentials_of(const T* x, const T* base, std::int64_t n, RowDivergence& row) {
  for (std::int64_t i = 0; i < n; ++i) {
    row.sum_x += std::exp(static_cast<double>(x[i]) - row.most_x);
    row.sum_base += std::exp(static_cast<double>(base[i]) - row.most_base);
  }
}

template <typename T>
void divergence_of(const T* x, const T* base, std::int64_t n, RowDivergence& row) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double p = std::exp(static_cast<double>(x[i]) - row.most_x) / row.sum_x + softmax_floor;
    const double q =
        std::exp(static_cast<double>(base[i]) - row.most_base) / row.sum_base + softmax_floor;
    row.divergence += p * std::log(p / q);
  }
}

template <typename T>
T importance(T x, T base, double divergence) {
  return static_cast<T>(std::abs(static_cast<double>(x) - static_cast<double>(base)) * divergence);
}

template <typename T>
void importances_of(const T* x, const T* base, double divergence, std::int64_t n, T* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = importance(x[i], base[i], divergence);
}

template <typename T>
void fuse(const T* x, double divergence, double threshold, std::int64_t n, T* base) {
  for (std::int64_t i = 0; i < n; ++i) {
    const auto value = static_cast<double>(importance(x[i], base[i], divergence));
    if (value >= threshold) base[i] = x[i];
  }
}

}  // namespace

void add_largest(const float* x, const float* base, std::int64_t n, RowDivergence& row) {
  largest_of(x, base, n, row);
}
void add_largest(const double* x, const double* base, std::int64_t n, RowDivergence& row) {
  largest_of(x, base, n, row);
}
void add_exponentials(const float* x, const float* base, std::int64_t n, RowDivergence& row) {
  exponentials_of(x, base, n, row);
}
void add_exponentials(const double* x, const double* base, std::int64_t n, RowDivergence& row) {
  exponentials_of(x, base, n, row);
}
void add_divergence(const float* x, const float* base, std::int64_t n, RowDivergence& row) {
  divergence_of(x, base, n, row);
}
void add_divergence(const double* x, const double* base, std::int64_t n, RowDivergence& row) {
  divergence_of(x, base, n, row);
}
void importances(const float* x, const float* base, double divergence, std::int64_t n, float* out) {
  importances_of(x, base, divergence, n, out);
}
void importances(const double* x, const double* base, double divergence, std::int64_t n,
                 double* out) {
  importances_of(x, base, divergence, n, out);
}
void fuse_important(const float* x, double divergence, double threshold, std::int64_t n,
                    float* base) {
  fuse(x, divergence, threshold, n, base);
}
void fuse_important(const double* x, double divergence, double threshold, std::int64_t n,
                    double* base) {
  fuse(x, divergence, threshold, n, base);
}

}  // namespace inarch
