#include "runtime/forward/norm.h"

#include <cmath>

#include "runtime/forward/rounded.h"
#include "runtime/kernels/squares.h"

namespace inarch {

void apply_norm(const RmsNorm& norm, std::int64_t rows, const float* x, std::int64_t x_stride,
                Rounding rounding, float* y, std::int64_t y_stride) {
  const std::int64_t n = norm.width;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* from = x + i * x_stride;
    float* to = y + i * y_stride;
    const double mean = sum_of_squares(from, n) / static_cast<double>(n);
    const auto scale = static_cast<float>(1 / std::sqrt(mean + norm.epsilon));
    for (std::int64_t j = 0; j < n; ++j) to[j] = from[j] * scale;
    if (norm.style == NormStyle::one_plus) {
      for (std::int64_t j = 0; j < n; ++j) to[j] *= 1.0F + norm.weights[j];
    } else {
      // The plain norm rounds before it scales, the Gemmas' only after.
      round_as(rounding, to, n);
      for (std::int64_t j = 0; j < n; ++j) to[j] *= norm.weights[j];
    }
    round_as(rounding, to, n);
  }
}

}  // namespace inarch
