#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "compiler/core/ops.h"

namespace inarch {

/// W[m, n] ≈ A[m, r] · B[r, n], the best such product in the Frobenius norm or one within half a
/// percent of it, on the calling thread.
///
/// Small matrices, and large ranks, get the exact factors: eigenvectors of the Gram matrix of the
/// shorter side in f64, which resolves singular values down to 1e-8 of the greatest, below what W
/// in f32 holds. The others get a randomised block Krylov space (Halko, Martinsson, Tropp, "Finding
/// structure with randomness", SIAM Review 53, 2011, algorithm 4.4; Musco and Musco, "Randomized
/// block Krylov methods", NIPS 2015): blocks V₁ = WᵀG with Gaussian G, V₂ = WᵀWV₁, …,
/// orthonormalised against all before them, and the best rank-r approximation in their span. Unlike
/// a power iteration it keeps every block, for which a flat spectrum takes half as many passes. A
/// block is no narrower than r, so equal singular values cannot hide from it.
///
/// The same arguments give the same bits on one kind of processor, whatever the number of threads
/// around. Factors are unique: the first entry of greatest magnitude of each column of A is
/// positive, components come by falling singular value.

struct LowRankProblem {
  std::int64_t rows = 0;     ///< m ≥ 1
  std::int64_t columns = 0;  ///< n ≥ 1
  std::int64_t rank = 0;     ///< r ≥ 1; components above min(m, n) are zero
  /// Width of a block less r; −1 rounds r up to a multiple of 16, at least 32.
  std::int64_t oversampling = -1;
  /// Applications of WᵀW after the first sketch; −1 goes on until the error is expected within
  /// 1.0025 of the best, at most `max_power_iterations`.
  int power_iterations = -1;
  bool exact = false;  ///< the exact factors, whatever they cost
  std::uint64_t seed = 0;
  std::string_view key;  ///< with the seed: which random numbers (runtime/kernels/random.h)
  FactorSplit split = FactorSplit::both;
  /// Second moments d_j = E[x_j²] ≥ 0 of what W is applied to, [n], or empty. The factors then
  /// minimise ‖(W − AB) · diag(s)‖, s_j = √(d_j + damping · mean d), the expected error of the
  /// output for inputs without correlation (as ASVD and SVD-LLM scale, by a diagonal). All zero
  /// counts as empty.
  std::span<const float> column_scale;
  double damping = 1e-6;
};

constexpr int max_power_iterations = 5;

enum class LowRankFault : std::uint8_t {
  none,
  not_finite,     ///< W has an infinity or a NaN
  bad_scale,      ///< column_scale has a negative value, an infinity or a NaN
  too_large,      ///< a factor is beyond f32
  not_converged,  ///< LAPACK gave up; not seen
};

struct LowRankResult {
  LowRankFault fault = LowRankFault::none;
  std::int64_t components = 0;        ///< of them not zero, ≤ r
  bool exact = false;                 ///< which of the two methods it was
  int power_iterations = 0;           ///< that were made
  double squared_norm = 0;            ///< ‖W‖²
  double squared_error = 0;           ///< ‖W − AB‖²
  double weighted_squared_norm = 0;   ///< ‖W · diag(s)‖²; as without s where there is none
  double weighted_squared_error = 0;  ///< ‖(W − AB) · diag(s)‖²
};

/// What low_rank() needs as scratch, everything included; it allocates nothing itself.
std::int64_t low_rank_scratch_bytes(const LowRankProblem& problem);

/// Writes A[m, r], B[r, n], and as many singular values (of W · diag(s), those of A · B; zero past
/// the components) as `singular_values` holds, up to r. After a fault they are undefined.
///
/// W is overwritten where there is a column_scale, and where its magnitudes are below 2^-40 or
/// above 2^40. `scratch` has low_rank_scratch_bytes() at any alignment; nothing overlaps.
///
/// Without column_scale the squared error is ‖W‖² − Σσ², since AB is W projected, unless that is
/// below a hundredth of ‖W‖², where the difference would lose digits: then it is the sum over
/// all entries of W − AB, in f64, of the factors as they were rounded. With column_scale it is
/// always that sum.
LowRankResult low_rank(const LowRankProblem& problem, float* w, float* a, float* b,
                       std::span<double> singular_values, std::span<std::byte> scratch);

/// The least r such that the first r of the falling singular values hold the share `energy` of the
/// squared norm: Σ σ² ≥ energy · norm2. All of them where that is not reached, 0 where norm2 is 0.
std::int64_t rank_for_energy(std::span<const double> singular_values, double norm2, double energy);
/// The least r with √(1 − Σ σ² / norm2) ≤ relative; likewise.
std::int64_t rank_for_error(std::span<const double> singular_values, double norm2, double relative);

}  // namespace inarch
