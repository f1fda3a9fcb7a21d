#pragma once

#include <cstdint>

#include "runtime/forward/decoder_config.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// gate = act(gate) · up, element by element. silu is x / (1 + e^−x), gelu x · Φ(x) by erf, or by
/// tanh(√(2/π) (x + 0.044715 x³)) (Hendrycks and Gimpel, 2016).
void activate(Activation activation, Rounding rounding, std::int64_t n, const float* up,
              float* gate);

}  // namespace inarch
