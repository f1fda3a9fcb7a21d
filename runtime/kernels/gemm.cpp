#include "runtime/kernels/gemm.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include <cblas.h>

namespace inarch {

namespace {

// Work is divided above this level; threads of the library's own would only compete with it.
void use_one_thread() {
  static const bool once = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(once);
}

blasint as_blas(std::int64_t size) {
  assert(size >= 0 && size <= std::numeric_limits<blasint>::max());
  return static_cast<blasint>(size);
}

template <typename T, typename Gemm, typename Gemv>
void multiply(std::int64_t m, std::int64_t k, std::int64_t n, const T* a, const T* b, T* c,
              Gemm* matrix, Gemv* vector) {
  use_one_thread();
  if (m == 0 || n == 0) return;
  if (k == 0) {
    std::fill_n(c, m * n, T{0});
    return;
  }
  const blasint rows = as_blas(m);
  const blasint depth = as_blas(k);
  const blasint columns = as_blas(n);
  if (n == 1) {
    vector(CblasRowMajor, CblasNoTrans, rows, depth, T{1}, a, depth, b, 1, T{0}, c, 1);
    return;
  }
  matrix(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, depth, T{1}, a, depth, b,
         columns, T{0}, c, columns);
}

}  // namespace

void gemm(std::int64_t m, std::int64_t k, std::int64_t n, const float* a, const float* b,
          float* c) {
  multiply(m, k, n, a, b, c, cblas_sgemm, cblas_sgemv);
}

void gemm(std::int64_t m, std::int64_t k, std::int64_t n, const double* a, const double* b,
          double* c) {
  multiply(m, k, n, a, b, c, cblas_dgemm, cblas_dgemv);
}

const char* gemm_processor() { return openblas_get_corename(); }

}  // namespace inarch
