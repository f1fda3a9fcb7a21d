#pragma once

#include <cstdint>
#include <span>

namespace inarch {

/// SCE: select, calculate, erase (Wan, Zhong, Yang, Chen, Quan: "FuseChat", 2024). The passes and
/// the choice of entries are the caller's; the sum is an election (vote.h).

/// variances[i] = population variance of the i-th entries, in f64, rounded once.
void entry_variances(std::span<const float* const> differences, std::int64_t n, float* variances);
void entry_variances(std::span<const double* const> differences, std::int64_t n, double* variances);

/// Shares of the differences by their mean squares; equal ones when these sum to less than 1e-6.
void sce_shares(std::span<const double> mean_squares, std::span<double> shares);

}  // namespace inarch
