#pragma once

#include <cstdint>

namespace inarch {

/// c[m, n] = a[m, k] · b[k, n], row-major and contiguous, on the calling thread. Sizes are below
/// 2^31; with k = 0 the product is zero. The memories do not overlap.
///
/// The order of sums inside a product is OpenBLAS's and depends on the processor and on m, n and k:
/// callers that want the same bits every time choose blocks of rows from the shapes alone.
void gemm(std::int64_t m, std::int64_t k, std::int64_t n, const float* a, const float* b, float* c);
void gemm(std::int64_t m, std::int64_t k, std::int64_t n, const double* a, const double* b,
          double* c);

/// Which kernels OpenBLAS chose for this processor ("Zen", "SkylakeX"): for the provenance.
const char* gemm_processor();

}  // namespace inarch
