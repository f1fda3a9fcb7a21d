#include "runtime/kernels/ram.h"

#include <algorithm>
#include <cmath>

namespace inarch {

namespace {

template <typename T>
bool counts(T difference, double epsilon) {
  return std::abs(static_cast<double>(difference)) > epsilon;
}

template <typename T>
std::size_t count_at(std::span<const T* const> differences, double epsilon, std::int64_t i) {
  std::size_t count = 0;
  for (const T* d : differences) count += counts(d[i], epsilon) ? 1 : 0;
  return count;
}

template <typename T>
void ram_values(std::span<const T* const> differences, double epsilon,
                std::span<const double> scales, std::int64_t n, T* result) {
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0;
    std::size_t count = 0, only = 0;
    for (std::size_t k = 0; k < differences.size(); ++k) {
      if (!counts(differences[k][i], epsilon)) continue;
      sum += static_cast<double>(differences[k][i]);
      only = k;
      ++count;
    }
    if (count > 1) sum /= static_cast<double>(count);
    if (count == 1 && !scales.empty()) sum *= scales[only];
    result[i] = static_cast<T>(sum);
  }
}

template <typename T>
void count_values(std::span<const T* const> differences, double epsilon, std::int64_t n,
                  std::span<std::int64_t> shared, std::span<std::int64_t> unique) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::size_t count = count_at(differences, epsilon, i);
    if (count == 0) continue;
    for (std::size_t k = 0; k < differences.size(); ++k) {
      if (counts(differences[k][i], epsilon)) ++(count > 1 ? shared : unique)[k];
    }
  }
}

}  // namespace

void ram_sum(std::span<const float* const> differences, double epsilon,
             std::span<const double> scales, std::int64_t n, float* result) {
  ram_values(differences, epsilon, scales, n, result);
}
void ram_sum(std::span<const double* const> differences, double epsilon,
             std::span<const double> scales, std::int64_t n, double* result) {
  ram_values(differences, epsilon, scales, n, result);
}

void count_shared(std::span<const float* const> differences, double epsilon, std::int64_t n,
                  std::span<std::int64_t> shared, std::span<std::int64_t> unique) {
  count_values(differences, epsilon, n, shared, unique);
}
void count_shared(std::span<const double* const> differences, double epsilon, std::int64_t n,
                  std::span<std::int64_t> shared, std::span<std::int64_t> unique) {
  count_values(differences, epsilon, n, shared, unique);
}

double ram_scale(std::int64_t shared, std::int64_t unique, double epsilon, double r, double alpha) {
  const double ratio = static_cast<double>(shared) / std::max(static_cast<double>(unique), epsilon);
  return 1 + r * std::clamp(ratio, 0.0, std::max(alpha, 0.0));
}

}  // namespace inarch
