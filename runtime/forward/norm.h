#pragma once

#include <cstdint>

#include "runtime/forward/decoder_config.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// An RMS norm with its weights [width].
struct RmsNorm {
  const float* weights;
  std::int64_t width;
  double epsilon;
  NormStyle style;
};

/// y = x · (mean(x²) + ε)^(−1/2) · w (or 1 + w), for `rows` rows with these distances; y may be x.
/// Squares are summed in f64. Zhang and Sennrich, 2019.
void apply_norm(const RmsNorm& norm, std::int64_t rows, const float* x, std::int64_t x_stride,
                Rounding rounding, float* y, std::int64_t y_stride);

}  // namespace inarch
