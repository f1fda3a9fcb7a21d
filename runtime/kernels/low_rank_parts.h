#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/kernels/linear_algebra.h"
#include "runtime/kernels/low_rank.h"

namespace inarch {

/// What the files of low_rank share; for them alone.

/// Hands out aligned pieces of the caller's memory, or without memory counts what it would take:
/// one description of the buffers serves both.
class ScratchPieces {
 public:
  ScratchPieces() = default;
  explicit ScratchPieces(std::span<std::byte> memory);

  template <typename T>
  std::span<T> take(std::int64_t count) {
    std::byte* const at = advance(count * static_cast<std::int64_t>(sizeof(T)));
    if (at == nullptr) return {};
    return {reinterpret_cast<T*>(at), static_cast<std::size_t>(count)};
  }
  /// Bytes that suffice for what was taken at any alignment.
  std::int64_t bytes() const { return used_ + alignment; }

 private:
  static constexpr std::int64_t alignment = 64;
  std::byte* advance(std::int64_t bytes);

  std::byte* base_ = nullptr;
  std::int64_t size_ = 0;
  std::int64_t used_ = 0;
};

/// W seen as X[tall, wide], X = W or Wᵀ, whichever has no more columns than rows; and how it is to
/// be factored.
struct LowRankShape {
  std::int64_t rows = 0, columns = 0, rank = 0;
  std::int64_t tall = 0, wide = 0;
  bool transposed = false;
  bool exact = false;
  std::int64_t block = 0;    // columns of a block of the Krylov space
  int steps = 0;             // blocks at most
  std::int64_t basis = 0;    // block · steps
  bool until_close = false;  // stop before, when the error is close to the best
};
LowRankShape shape_of(const LowRankProblem& problem);

/// The matrix as the methods see it: scaled so that no product overflows.
struct LowRankTask {
  const LowRankProblem& problem;
  LowRankShape shape;
  const float* w;
  double squared_norm;
  float* a;
  float* b;
};

/// What a method leaves: in A (B where `transposed`) the `components` first columns (rows) hold
/// X · S and the others hold S, for orthonormal columns S.
struct Projection {
  bool converged = false;
  std::int64_t components = 0;
  int steps = 0;
};

constexpr std::int64_t f64_rows = 256;  // of X, converted at a time

struct ExactBuffers {
  std::span<double> gram, values, rows, out;
  EigenWork eigen;
};
ExactBuffers exact_buffers(const LowRankShape& shape, ScratchPieces& pieces);
Projection project_exactly(const LowRankTask& task, const ExactBuffers& buffers);

struct KrylovBuffers {
  std::span<float> v;        // [wide, basis], orthonormal columns
  std::span<float> y;        // [tall, basis] = X · v
  std::span<float> u;        // [tall, block]
  std::span<float> z, z2;    // [wide, block]
  std::span<float> c;        // [basis, max(block, rank)]
  std::span<double> gram;    // [basis, basis], upper triangle of yᵀ · y
  std::span<double> matrix;  // [basis, basis]
  std::span<double> values;  // [basis]
  std::span<double> before;  // [rank], values of the step before
  std::span<double> gains;   // [rank], and what they had gained
  std::span<double> rows;    // [f64_rows, basis]
  EigenWork eigen;
};
KrylovBuffers krylov_buffers(const LowRankShape& shape, ScratchPieces& pieces);
Projection project_on_krylov(const LowRankTask& task, const KrylovBuffers& buffers);

/// Orthonormalises z[wide, count] (stride count) against the `have` first columns of v and among
/// themselves, twice, and puts what is left of them, some columns fewer where they depended on one
/// another to f32's precision, after those. How many; −1 where LAPACK gave up.
std::int64_t append_orthonormal(const LowRankShape& shape, const KrylovBuffers& buffers,
                                std::int64_t have, std::int64_t count);

/// A matrix c[n, kept] (in buffers.c) such that x · c has orthonormal columns, from the upper
/// triangle of xᵀ · x, [n, n] in buffers.matrix, which is lost: eigenvectors over the roots of
/// their values for those of at least `least`, or, where none is small, the inverse of the Cholesky
/// factor.
struct Whitening {
  std::int64_t kept = -1;  // −1 where LAPACK gave up
  double smallest = 0;     // of those values, or of the factor's diagonal, squared
};
Whitening whitening(std::int64_t n, double least, const KrylovBuffers& buffers);

struct ResidualBuffers {
  std::span<double> norms, best;   // [rank]
  std::span<double> a, b, errors;  // tiles
};
ResidualBuffers residual_buffers(const LowRankShape& shape, ScratchPieces& pieces);

/// Squares of W − A · B: as it is, and with its columns times `scale`.
struct Residual {
  double plain = 0;
  double weighted = 0;
};
/// W is w · unit / scale by columns (1 where `scale` is empty).
Residual residual_of(const LowRankShape& shape, const float* w, double unit,
                     std::span<const double> scale, const float* a, const float* b,
                     const ResidualBuffers& buffers);

/// Distributes the singular values of a projection over its factors, makes their signs unique, and
/// zeroes the other components. Singular values, times `unit`, go to buffers.norms.
void finish_factors(const LowRankTask& task, std::int64_t components, double unit,
                    std::span<const double> scale, const ResidualBuffers& buffers);

}  // namespace inarch
