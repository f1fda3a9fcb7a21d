#pragma once

#include <cstdint>
#include <span>

namespace inarch {

/// SCE: select, calculate, erase (Wan, Zhong, Yang, Chen, Quan: "FuseChat", 2024). The passes and
/// the choice of entries are the caller's.

/// variances[i] = population variance of the i-th entries, in f64, rounded once.
void entry_variances(std::span<const float* const> differences, std::int64_t n, float* variances);
void entry_variances(std::span<const double* const> differences, std::int64_t n, double* variances);

/// Shares of the differences by their mean squares; equal ones when these sum to less than 1e-6.
void sce_shares(std::span<const double> mean_squares, std::span<double> shares);

/// s = the sign of Σ d_k, + where that is 0; the result is Σ w_k d_k over those of sign s, divided
/// by the sum of their w_k (at least 1e-6).
void sce_sum(std::span<const float* const> differences, std::span<const double> shares,
             std::int64_t n, float* result);
void sce_sum(std::span<const double* const> differences, std::span<const double> shares,
             std::int64_t n, double* result);

}  // namespace inarch
