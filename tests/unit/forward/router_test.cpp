#include "runtime/forward/router.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace inarch {
namespace {

DecoderConfig mixture(bool normalised) {
  DecoderConfig config;
  config.experts = 4;
  config.chosen_experts = 2;
  config.normalised_weights = normalised;
  return config;
}

TEST(Router, TakesTheLikeliestAndOfEqualOnesTheFirst) {
  const float logits[8] = {0, 2, 1, 2, 5, 5, 5, 5};
  std::int32_t experts[4];
  float weights[4];
  choose_experts(mixture(true), 2, logits, Rounding::f32, experts, weights);
  EXPECT_EQ(experts[0], 1);
  EXPECT_EQ(experts[1], 3);
  EXPECT_EQ(experts[2], 0);
  EXPECT_EQ(experts[3], 1);
  for (const float weight : weights) EXPECT_FLOAT_EQ(weight, 0.5F);
}

TEST(Router, KeepsProbabilitiesOfAllExperts) {
  const float logits[4] = {0, 1, 2, 3};
  std::int32_t experts[2];
  float weights[2];
  choose_experts(mixture(false), 1, logits, Rounding::f32, experts, weights);
  const double sum = 1 + std::exp(1.0) + std::exp(2.0) + std::exp(3.0);
  EXPECT_NEAR(weights[0], std::exp(3.0) / sum, 1e-6);
  EXPECT_NEAR(weights[1], std::exp(2.0) / sum, 1e-6);
}

TEST(Router, SurvivesWhatIsNoNumber) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const float logits[4] = {nan, nan, 1, nan};
  std::int32_t experts[2];
  float weights[2];
  choose_experts(mixture(true), 1, logits, Rounding::f32, experts, weights);
  for (const std::int32_t expert : experts) EXPECT_TRUE(expert >= 0 && expert < 4);
}

}  // namespace
}  // namespace inarch
