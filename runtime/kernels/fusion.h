#pragma once

#include <cstdint>

namespace inarch {

/// Arcee fusion: of the entries of x those replace the base's whose importance |x − base| · D is at
/// least a threshold, for D the divergence of their rows. The passes and the threshold (median +
/// 1.5 interquartile ranges of the importances) are the caller's.

/// A row that comes in portions: first its largest values, then the sums of its exponentials, then
/// its divergence. All in f64: of rows that are nearly equal f32 sees nothing but noise.
struct RowDivergence {
  double most_x = 0, most_base = 0;  // begin as −infinity
  double sum_x = 0, sum_base = 0;
  double divergence = 0;
};
void add_largest(const float* x, const float* base, std::int64_t n, RowDivergence& row);
void add_largest(const double* x, const double* base, std::int64_t n, RowDivergence& row);
void add_exponentials(const float* x, const float* base, std::int64_t n, RowDivergence& row);
void add_exponentials(const double* x, const double* base, std::int64_t n, RowDivergence& row);
/// Σ p ln(p / q) for p = softmax(x) + 1e-8 and q = softmax(base) + 1e-8 (Kullback and Leibler).
void add_divergence(const float* x, const float* base, std::int64_t n, RowDivergence& row);
void add_divergence(const double* x, const double* base, std::int64_t n, RowDivergence& row);

/// out[i] = |x[i] − base[i]| · divergence, rounded once.
void importances(const float* x, const float* base, double divergence, std::int64_t n, float* out);
void importances(const double* x, const double* base, double divergence, std::int64_t n,
                 double* out);
/// base[i] = x[i] where its importance, as above, is at least the threshold.
void fuse_important(const float* x, double divergence, double threshold, std::int64_t n,
                    float* base);
void fuse_important(const double* x, double divergence, double threshold, std::int64_t n,
                    double* base);

}  // namespace inarch
