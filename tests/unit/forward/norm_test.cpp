#include "runtime/forward/norm.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/forward/activation.h"

namespace inarch {
namespace {

TEST(Norm, DividesByTheRoot) {
  const std::vector<float> weights = {1, 2, -1};
  const float x[6] = {1, 2, 3, -4, 0, 4};
  float y[6];
  apply_norm({weights.data(), 3, 0.25, NormStyle::plain}, 2, x, 3, Rounding::f32, y, 3);
  const double root = std::sqrt(14.0 / 3 + 0.25);
  EXPECT_NEAR(y[0], 1 / root, 1e-6);
  EXPECT_NEAR(y[1], 4 / root, 1e-6);
  EXPECT_NEAR(y[5], -4 / std::sqrt(32.0 / 3 + 0.25), 1e-6);
}

TEST(Norm, GemmasAddOneToTheWeights) {
  const std::vector<float> weights = {0, 0.5F};
  float x[4] = {3, 4, 9, 9};
  apply_norm({weights.data(), 2, 0, NormStyle::one_plus}, 1, x, 4, Rounding::f32, x, 4);
  const double root = std::sqrt(12.5);
  EXPECT_NEAR(x[0], 3 / root, 1e-6);
  EXPECT_NEAR(x[1], 1.5 * 4 / root, 1e-6);
  EXPECT_EQ(x[2], 9.0F);
}

TEST(Norm, RoundsBeforeItScalesButForGemmas) {
  const std::vector<float> weights = {1.0078125F, 1};
  const float x[2] = {1.01F, -0.98F};
  float plain[2];
  apply_norm({weights.data(), 2, 1e-6, NormStyle::plain}, 1, x, 2, Rounding::bf16, plain, 2);
  EXPECT_EQ(plain[0], 1.0234375F);  // 1.0150 → 1.015625, · 1.0078125 = 1.02356 → 1.0234375
  EXPECT_EQ(plain[1], -0.984375F);
}

TEST(Activations, AreTheirFormulas) {
  for (const double x : {-3.0, -0.5, 0.0, 0.7, 4.0}) {
    const float up = 2;
    const auto act = [&](Activation activation) {
      auto value = static_cast<float>(x);
      activate(activation, Rounding::f32, 1, &up, &value);
      return static_cast<double>(value);
    };
    EXPECT_NEAR(act(Activation::silu), 2 * x / (1 + std::exp(-x)), 1e-6);
    EXPECT_NEAR(act(Activation::relu), 2 * std::max(x, 0.0), 1e-6);
    EXPECT_NEAR(act(Activation::gelu), x * (1 + std::erf(x / std::sqrt(2.0))), 1e-6);
    const double inner = 0.7978845608028654 * (x + 0.044715 * x * x * x);
    EXPECT_NEAR(act(Activation::gelu_tanh), x * (1 + std::tanh(inner)), 1e-6);
  }
}

}  // namespace
}  // namespace inarch
