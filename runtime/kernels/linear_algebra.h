#pragma once

#include <cstdint>
#include <span>

namespace inarch {

/// Dense products and decompositions on the calling thread, over BLAS and LAPACK. Matrices are
/// row-major; sizes and strides are below 2^31. Nothing here allocates: work areas are the
/// caller's.

/// A matrix or its transpose inside a larger one: `stride` is the distance between rows as stored.
template <typename T>
struct MatrixView {
  const T* data;
  std::int64_t stride;
  bool transposed = false;
};

/// c[m, n] = a[m, k] · b[k, n] + (add ? c : 0), or c − a · b with `subtract`; the shapes are those
/// after transposition. c does not overlap a or b.
enum class ProductMode : std::uint8_t { set, add, subtract };
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<float> a,
              MatrixView<float> b, ProductMode mode, float* c, std::int64_t c_stride);
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<double> a,
              MatrixView<double> b, ProductMode mode, double* c, std::int64_t c_stride);

/// Adds xᵀ · x to the upper triangle of g[n, n] (stride n), x[rows, n].
void add_gram(std::int64_t rows, std::int64_t n, MatrixView<double> x, double* g);

/// What symmetric_eigen() needs for matrices of up to n rows.
struct EigenWork {
  std::span<double> reals;
  std::span<std::int32_t> integers;
};
std::int64_t eigen_reals(std::int64_t n);
std::int64_t eigen_integers(std::int64_t n);

/// The eigenvalues of the symmetric a[n, n] (stride n, only its upper triangle is read), greatest
/// first. With `vectors` row i of `a` becomes the unit eigenvector of value i; otherwise `a` is
/// lost. False if the iteration did not converge, which finite input does not provoke.
bool symmetric_eigen(std::int64_t n, bool vectors, double* a, double* values, EigenWork work);

}  // namespace inarch
