#pragma once

#include <cstdint>

namespace inarch {

/// Weighted sums in f64 of tiles in f32 or f64, rounded once when they are stored.

/// sums[i] += weight · x[i]
void add_scaled(double weight, const float* x, std::int64_t n, double* sums);
void add_scaled(double weight, const double* x, std::int64_t n, double* sums);
/// sums[i] += weight · (x[i] − base[i])
void add_scaled_difference(double weight, const float* x, const float* base, std::int64_t n,
                           double* sums);
void add_scaled_difference(double weight, const double* x, const double* base, std::int64_t n,
                           double* sums);
void store_sums(const double* sums, std::int64_t n, float* out);
void store_sums(const double* sums, std::int64_t n, double* out);

}  // namespace inarch
