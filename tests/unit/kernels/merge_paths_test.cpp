// Kernels of merges that have several ways: each gives the bits of the plainest.

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/kernels/between.h"
#include "runtime/kernels/bit_mask.h"
#include "runtime/kernels/coin_paths.h"
#include "runtime/kernels/coins.h"
#include "runtime/kernels/vote.h"

namespace inarch {
namespace {

TEST(CoinPaths, DrawAndCompareTheSame) {
  constexpr std::uint64_t block = (std::uint64_t{1} << 32) - 20;  // crosses into the second word
  const CoinPath& plain = coin_paths().back();
  std::vector<std::uint32_t> expected(4 * coin_batch), words(4 * coin_batch);
  plain.draw(0x123456789abcdefULL, 0xfedcba987654321ULL, block, expected.data());
  for (const CoinPath& path : coin_paths()) {
    if (!path.supported) continue;
    path.draw(0x123456789abcdefULL, 0xfedcba987654321ULL, block, words.data());
    EXPECT_EQ(words, expected) << path.name;
    std::vector<std::uint16_t> halves;
    for (std::uint16_t i = 0; i < 8 * 37; ++i)
      halves.push_back(static_cast<std::uint16_t>(i * 331));
    for (const std::uint16_t limit : {0, 331, 40000, 65535}) {
      std::vector<std::uint8_t> bits(38, 0xa5);
      const std::int64_t equal = path.compare(halves.data(), limit, 37, bits.data());
      EXPECT_EQ(equal, std::count(halves.begin(), halves.end(), limit)) << path.name;
      for (std::size_t i = 0; i < halves.size(); ++i)
        ASSERT_EQ((bits[i / 8] >> (i % 8)) & 1, halves[i] <= limit ? 1 : 0) << path.name;
      EXPECT_EQ(bits.back(), 0xa5) << path.name;
    }
  }
}

TEST(CoinPaths, MasksSayWhatIsKept) {
  for (const double probability : {0.0, 0.3, 1.0}) {
    std::vector<std::uint8_t> mask(300, 0);
    for (std::int64_t at = 5, n = 1; at < 2400; at += n, n = n * 3 % 701 + 1)
      mask_at_random(3, "k", probability, at, std::min(n, 2400 - at), mask.data());
    std::vector<float> values(2395, 1.0F);
    keep_at_random(3, "k", probability, 5, 2395, values.data());
    std::vector<double> masked(2395, 1.0);
    keep_masked(mask.data(), 5, 2395, masked.data());
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(static_cast<double>(values[i]), masked[i]) << probability << " " << i;
  }
}

TEST(BetweenPaths, CollectTheSame) {
  std::mt19937 random(2);
  std::vector<float> values;
  for (int i = 0; i < 3001; ++i)
    values.push_back((static_cast<float>(random() % 64) - 32.0F) / 8.0F);
  const auto bits = [](float value) { return std::bit_cast<std::uint32_t>(value); };
  for (const std::size_t size : {0U, 5U, 100U, 3001U}) {
    std::vector<std::uint64_t> expected;
    for (const BetweenPath& path : between_paths()) {
      if (!path.supported) continue;
      std::vector<std::uint64_t> room(size);
      Between all{room, bits(1.0F), bits(2.5F)};
      for (std::int64_t at = 0, n = 1; at < 3001; at += n, n = n * 3 % 701 + 1) {
        path.add(values.data() + at, std::min(n, 3001 - at), static_cast<std::uint32_t>(at), all);
      }
      std::int64_t above = 0, found = 0;
      for (const float value : values) {
        above += std::fabs(value) >= 2.5F ? 1 : 0;
        found += std::fabs(value) >= 1 && std::fabs(value) < 2.5F ? 1 : 0;
      }
      EXPECT_EQ(all.above, above) << path.name;
      EXPECT_EQ(all.found, found) << path.name;
      room.resize(std::min(size, static_cast<std::size_t>(found)));
      if (expected.empty()) expected = room;
      EXPECT_EQ(room, expected) << path.name;
    }
  }
}

/// By the definition in vote.h, in f64.
float voted(std::span<const float> d, std::span<const double> w, bool normalize) {
  double sum = 0, kept = 0, weights = 0;
  for (std::size_t k = 0; k < d.size(); ++k) sum += w[k] * static_cast<double>(d[k]);
  for (std::size_t k = 0; k < d.size(); ++k) {
    const double value = w[k] * static_cast<double>(d[k]);
    if (!(value * (sum >= 0 ? 1.0 : -1.0) > 0)) continue;
    kept += value;
    weights += w[k];
  }
  return static_cast<float>(normalize ? kept / (weights == 0 ? 1.0 : weights) : kept);
}

TEST(Vote, FewAreAsTheDefinitionSays) {
  std::mt19937 random(5);
  constexpr std::size_t n = 5000;
  std::vector<std::vector<float>> d(3, std::vector<float>(n));
  for (auto& values : d) {
    for (std::size_t i = 0; i < n; ++i) {
      // Any bits at all in some portions, moderate values in others; zeros in all.
      const auto bits = static_cast<std::uint32_t>(random());
      values[i] = i % 2048 < 1024 ? std::ldexp(static_cast<float>(bits % 4001) - 2000.0F, -20)
                                  : std::bit_cast<float>(bits);
      if (bits % 11 == 0) values[i] = bits % 2 == 0 ? 0.0F : -0.0F;
    }
  }
  const std::vector<std::vector<double>> all_weights = {
      {0.5, 0.5}, {1, 0.25},        {-0.5, 1},         {1, -1},         {0.3, 0.7},
      {1, 0},     {0x1p40, 0x1p40}, {0.5, 0.25, 0.25}, {1, -0.5, 0.25}, {0.2, 0.5, 0.3}};
  for (const std::vector<double>& weights : all_weights) {
    std::vector<const float*> inputs;
    for (std::size_t k = 0; k < weights.size(); ++k) inputs.push_back(d[k].data());
    for (const bool normalize : {false, true}) {
      std::vector<float> result(n);
      vote(std::span<const float* const>(inputs), weights, normalize, n, result.data());
      for (std::size_t i = 0; i < n; ++i) {
        std::vector<float> votes;
        for (const float* values : inputs) votes.push_back(values[i]);
        const float expected = voted(votes, weights, normalize);
        if (std::isnan(expected) && std::isnan(result[i])) continue;
        ASSERT_EQ(std::bit_cast<std::uint32_t>(result[i]), std::bit_cast<std::uint32_t>(expected))
            << weights[0] << " " << weights[1] << " " << normalize << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace inarch
