#pragma once

#include <cstdint>

#include "runtime/kernels/linear_algebra.h"

namespace inarch {

/// y[m, n] = x[m, k] · v[k, n] for n much smaller than m and k, row-major with strides; y does not
/// overlap the others.
///
/// General products pack both operands, which for a few dozen columns takes a third of the time:
/// each element of x is used for so few sums. Here x is read where it lies. For processors with
/// AVX-512 and n a multiple of 16; everything else is multiply().
void thin_product(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<float> x,
                  const float* v, std::int64_t v_stride, float* y, std::int64_t y_stride);

}  // namespace inarch
