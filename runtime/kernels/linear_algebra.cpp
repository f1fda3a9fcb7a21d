#include "runtime/kernels/linear_algebra.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <limits>

#include <cblas.h>

// LAPACK comes with OpenBLAS, which has no header for it in Debian. Fortran passes everything by
// address and the lengths of texts, as size_t, at the end.
extern "C" void dsyevd_(const char* job, const char* triangle, const blasint* n, double* a,
                        const blasint* stride, double* values, double* work,
                        const blasint* work_size, blasint* integers, const blasint* integers_size,
                        blasint* info, std::size_t job_length, std::size_t triangle_length);

namespace inarch {

namespace {

static_assert(sizeof(blasint) == sizeof(std::int32_t));

blasint blas_size(std::int64_t size) {
  assert(size >= 0 && size <= std::numeric_limits<blasint>::max());
  return static_cast<blasint>(size);
}

// Work is divided above this level; threads of the library's own would only compete with it.
void keep_to_one_thread() {
  static const bool once = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(once);
}

template <typename T, typename Gemm>
void product(Gemm* gemm_of, std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<T> a,
             MatrixView<T> b, ProductMode mode, T* c, std::int64_t c_stride) {
  keep_to_one_thread();
  if (m == 0 || n == 0) return;
  const T alpha = mode == ProductMode::subtract ? T{-1} : T{1};
  const T beta = mode == ProductMode::set ? T{0} : T{1};
  if (k == 0) {
    for (std::int64_t i = 0; beta == T{0} && i < m; ++i) std::fill_n(c + i * c_stride, n, T{0});
    return;
  }
  gemm_of(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
          b.transposed ? CblasTrans : CblasNoTrans, blas_size(m), blas_size(n), blas_size(k), alpha,
          a.data, blas_size(a.stride), b.data, blas_size(b.stride), beta, c, blas_size(c_stride));
}

}  // namespace

void multiply(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<float> a,
              MatrixView<float> b, ProductMode mode, float* c, std::int64_t c_stride) {
  product(cblas_sgemm, m, n, k, a, b, mode, c, c_stride);
}

void multiply(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<double> a,
              MatrixView<double> b, ProductMode mode, double* c, std::int64_t c_stride) {
  product(cblas_dgemm, m, n, k, a, b, mode, c, c_stride);
}

void add_gram(std::int64_t rows, std::int64_t n, MatrixView<double> x, double* g) {
  keep_to_one_thread();
  if (rows == 0 || n == 0) return;
  cblas_dsyrk(CblasRowMajor, CblasUpper, x.transposed ? CblasNoTrans : CblasTrans, blas_size(n),
              blas_size(rows), 1.0, x.data, blas_size(x.stride), 1.0, g, blas_size(n));
}

std::int64_t eigen_reals(std::int64_t n) { return 1 + 6 * n + 2 * n * n; }
std::int64_t eigen_integers(std::int64_t n) { return 3 + 5 * n; }

bool symmetric_eigen(std::int64_t n, bool vectors, double* a, double* values, EigenWork work) {
  keep_to_one_thread();
  if (n == 0) return true;
  assert(static_cast<std::int64_t>(work.reals.size()) >= eigen_reals(n));
  assert(static_cast<std::int64_t>(work.integers.size()) >= eigen_integers(n));
  const blasint size = blas_size(n);
  const blasint reals = blas_size(eigen_reals(n));
  const blasint integers = blas_size(eigen_integers(n));
  blasint info = 0;
  // The upper triangle by rows is the lower one by columns; its columns of vectors are our rows.
  dsyevd_(vectors ? "V" : "N", "L", &size, a, &size, values, work.reals.data(), &reals,
          work.integers.data(), &integers, &info, 1, 1);
  std::reverse(values, values + n);
  for (std::int64_t i = 0; vectors && i < n / 2; ++i) {
    std::swap_ranges(a + i * n, a + (i + 1) * n, a + (n - 1 - i) * n);
  }
  return info == 0;
}

}  // namespace inarch
