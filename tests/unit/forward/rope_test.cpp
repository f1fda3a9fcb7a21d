#include "runtime/forward/rope.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace inarch {
namespace {

TEST(Rope, FrequenciesFallGeometrically) {
  RopeConfig rope;
  rope.theta = 10000;
  const auto plain = rope_frequencies(rope, 8);
  ASSERT_EQ(plain.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(plain[i], std::pow(10000.0, -static_cast<double>(i) / 4), 1e-7);
  rope.kind = RopeKind::linear;
  rope.factor = 4;
  EXPECT_FLOAT_EQ(rope_frequencies(rope, 8)[2], plain[2] / 4);
}

TEST(Rope, Llama3SlowsLongWavesAndKeepsShortOnes) {
  RopeConfig rope;
  rope.theta = 500000;
  const auto plain = rope_frequencies(rope, 128);
  rope.kind = RopeKind::llama3;
  rope.factor = 8;
  rope.low_factor = 1;
  rope.high_factor = 4;
  rope.original_positions = 8192;
  const auto scaled = rope_frequencies(rope, 128);
  EXPECT_EQ(scaled.front(), plain.front());
  EXPECT_FLOAT_EQ(scaled.back(), plain.back() / 8);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double wave = 2 * std::numbers::pi / static_cast<double>(plain[i]);
    const double share = std::clamp((8192 / wave - 1) / 3, 0.0, 1.0);
    EXPECT_NEAR(scaled[i] / plain[i], (1 - share) / 8 + share, 1e-6) << i;
  }
}

TEST(Rope, TurnsPairsAHalfHeadApart) {
  const RopeConfig rope;
  const RopeTable table(rope, 4, 6, Rounding::f32);
  float heads[8] = {1, 2, 3, 4, -1, 0, 0.5F, 2};
  table.turn(5, 2, heads);
  const double cosine = std::cos(5.0), sine = std::sin(5.0);
  EXPECT_NEAR(heads[0], 1 * cosine - 3 * sine, 1e-6);
  EXPECT_NEAR(heads[2], 3 * cosine + 1 * sine, 1e-6);
  EXPECT_NEAR(heads[4], -1 * cosine - 0.5 * sine, 1e-6);
  EXPECT_NEAR(heads[1], 2 * std::cos(0.05) - 4 * std::sin(0.05), 1e-6);
}

TEST(Rope, PositionZeroChangesNothing) {
  const RopeTable table(RopeConfig{}, 6, 1, Rounding::f32);
  float head[6] = {1, 2, 3, 4, 5, 6};
  table.turn(0, 1, head);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(head[i], static_cast<float>(i + 1));
}

}  // namespace
}  // namespace inarch
