#pragma once

#include <cstdint>
#include <span>

namespace inarch {

/// TIES's election of signs (Yadav, Tam, Choshen, Raffel, Bansal: "TIES-Merging", 2023), element
/// by element: s = the sign of Σ w_k d_k, + where that is 0; the result is Σ w_k d_k over those
/// whose w_k d_k has the sign s, with `normalize` divided by the sum of their w_k (by 1 where that
/// is 0). Sums in f64, rounded once.
void vote(std::span<const float* const> differences, std::span<const double> weights,
          bool normalize, std::int64_t n, float* result);
void vote(std::span<const double* const> differences, std::span<const double> weights,
          bool normalize, std::int64_t n, double* result);

/// SCE's sum, in which all votes count alike: s = the sign of Σ d_k, + where that is 0; the result
/// is Σ w_k d_k over those of sign s, divided by the sum of their w_k (at least 1e-6).
void sce_sum(std::span<const float* const> differences, std::span<const double> shares,
             std::int64_t n, float* result);
void sce_sum(std::span<const double* const> differences, std::span<const double> shares,
             std::int64_t n, double* result);

}  // namespace inarch
