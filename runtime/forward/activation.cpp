#include "runtime/forward/activation.h"

#include <cmath>
#include <numbers>

#include "runtime/forward/rounded.h"

namespace inarch {

namespace {

float value_of(Activation activation, float x) {
  constexpr float half_root = std::numbers::sqrt2_v<float> * std::numbers::inv_sqrtpi_v<float>;
  switch (activation) {
    case Activation::silu:
      return x / (1.0F + std::exp(-x));
    case Activation::gelu:
      return 0.5F * x * (1.0F + std::erf(x / std::numbers::sqrt2_v<float>));
    case Activation::gelu_tanh:
      return 0.5F * x * (1.0F + std::tanh(half_root * (x + 0.044715F * x * x * x)));
    case Activation::relu:
      return x > 0 ? x : 0.0F;
  }
  return x;
}

}  // namespace

void activate(Activation activation, Rounding rounding, std::int64_t n, const float* up,
              float* gate) {
  for (std::int64_t i = 0; i < n; ++i)
    gate[i] = rounded_as(rounding, value_of(activation, gate[i])) * up[i];
  round_as(rounding, gate, n);
}

}  // namespace inarch
