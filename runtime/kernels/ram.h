#pragma once

#include <cstdint>
#include <span>

namespace inarch {

/// RAM (reinforced agent merging): a difference counts where it is above epsilon in
/// magnitude. What one alone counts is taken whole (times its scale, where scales are given), what
/// several count is their mean; elsewhere the result is 0.
void ram_sum(std::span<const float* const> differences, double epsilon,
             std::span<const double> scales, std::int64_t n, float* result);
void ram_sum(std::span<const double* const> differences, double epsilon,
             std::span<const double> scales, std::int64_t n, double* result);

/// Adds to shared[k] and unique[k] the entries that difference k counts with others, and alone.
void count_shared(std::span<const float* const> differences, double epsilon, std::int64_t n,
                  std::span<std::int64_t> shared, std::span<std::int64_t> unique);
void count_shared(std::span<const double* const> differences, double epsilon, std::int64_t n,
                  std::span<std::int64_t> shared, std::span<std::int64_t> unique);

/// RAM+: 1 + r · clamp(shared / max(unique, epsilon), 0, alpha).
double ram_scale(std::int64_t shared, std::int64_t unique, double epsilon, double r, double alpha);

}  // namespace inarch
