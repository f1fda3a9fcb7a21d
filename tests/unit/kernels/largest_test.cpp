#include "runtime/kernels/largest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/slow_ops.h"

namespace inarch {
namespace {

template <typename T>
Cutoff search(const std::vector<T>& values, std::int64_t keep, std::size_t portion) {
  std::vector<std::int64_t> bins(65536, 7);
  CutoffSearch search(sizeof(T), static_cast<std::int64_t>(values.size()), keep, bins);
  int passes = 0;
  while (search.wants_pass()) {
    EXPECT_LE(++passes, sizeof(T) == 4 ? 3 : 5);
    for (std::size_t at = 0; at < values.size(); at += portion) {
      const std::size_t n = std::min(portion, values.size() - at);
      search.add(values.data() + at, static_cast<std::int64_t>(n));
    }
    search.end_pass();
  }
  return search.cutoff();
}

template <typename T>
std::vector<double> applied(std::vector<T> values, const Cutoff& cutoff, bool as_mask) {
  // In two parts, as tiles come.
  const auto half = static_cast<std::int64_t>(values.size() / 3);
  keep_largest(cutoff, as_mask, 0, half, values.data());
  keep_largest(cutoff, as_mask, half, static_cast<std::int64_t>(values.size()) - half,
               values.data() + half);
  return {values.begin(), values.end()};
}

template <typename T>
void expect_like_a_sort(const std::vector<T>& values) {
  const std::vector<double> wide(values.begin(), values.end());
  const auto n = static_cast<std::int64_t>(values.size());
  for (const std::int64_t keep : {std::int64_t{0}, std::int64_t{1}, n / 5, n / 2, n - 1, n}) {
    if (keep < 0) continue;
    std::vector<T> work(values.size());
    const Cutoff at_once = find_cutoff(values.data(), n, keep, work.data());
    for (const bool as_mask : {false, true}) {
      const auto want = kept_largest(wide, keep, as_mask);
      ASSERT_EQ(applied(values, at_once, as_mask), want) << keep << " of " << n;
      ASSERT_EQ(applied(values, search(values, keep, 13), as_mask), want) << keep << " of " << n;
    }
  }
}

TEST(Largest, AgreesWithASort) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0, 1);
  for (const std::size_t n : {1u, 2u, 10u, 1000u, 4096u}) {
    std::vector<float> single(n);
    std::vector<double> wide(n);
    for (std::size_t i = 0; i < n; ++i) {
      wide[i] = normal(random);
      single[i] = static_cast<float>(wide[i]);
    }
    expect_like_a_sort(single);
    expect_like_a_sort(wide);
  }
}

TEST(Largest, FirstOfEqualsStay) {
  std::mt19937 random(4);
  std::vector<float> values(999);
  for (float& value : values) value = static_cast<float>(random() % 5) - 2;  // many ties, zeros
  expect_like_a_sort(values);
  expect_like_a_sort(std::vector<float>(50, -3.0F));
  expect_like_a_sort(std::vector<double>(50, 0.0));
}

TEST(Largest, InfinitiesAndDenormals) {
  const double infinity = std::numeric_limits<double>::infinity();
  expect_like_a_sort(std::vector<double>{1, -infinity, 5e-324, -0.0, infinity, 1e-310, 1e308});
  expect_like_a_sort(std::vector<float>{1e-45F, -1e-44F, 0, 3e38F, -2e38F, 1});
}

TEST(Largest, NaNIsKeptBeforeAllElse) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {1, nan, std::numeric_limits<float>::infinity()};
  std::vector<float> work(3);
  const Cutoff cutoff = find_cutoff(values.data(), 3, 1, work.data());
  EXPECT_EQ(applied(values, cutoff, true), (std::vector<double>{0, 1, 0}));
}

/// With a guess from every `step`-th value, and room for so many candidates.
Cutoff guessed(const std::vector<float>& values, CutoffSearch search, std::size_t step,
               std::size_t room, int most_passes) {
  std::vector<float> sample;
  for (std::size_t i = 0; i < values.size(); i += step) sample.push_back(values[i]);
  std::vector<std::uint64_t> candidates(room);
  search.guess(sample, candidates);
  int passes = 0;
  while (search.wants_pass()) {
    EXPECT_LE(++passes, most_passes);
    for (std::size_t at = 0; at < values.size(); at += 1700) {
      const std::size_t n = std::min<std::size_t>(1700, values.size() - at);
      search.add(values.data() + at, static_cast<std::int64_t>(n));
    }
    search.end_pass();
  }
  return search.cutoff();
}

TEST(Largest, AGuessThatHoldsTakesOnePassAndOneThatFailsTheSameValues) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 1);
  constexpr std::size_t n = 60'000;
  std::vector<float> smooth, ties, rising, zeros(n, 0.0F);
  for (std::size_t i = 0; i < n; ++i) {
    smooth.push_back(normal(random));
    ties.push_back(std::round(4 * normal(random)));
    rising.push_back(static_cast<float>(i) * (i % 2 == 0 ? 1.0F : -1.0F));
    if (i % 3 == 0) zeros[i] = normal(random);
  }
  std::vector<std::int64_t> bins(65536, 7);
  for (const std::int64_t keep : {0, 1, 9000, 30'000, 59'999, 60'000}) {
    const auto expect = [&](const std::vector<float>& values, std::size_t step, std::size_t room,
                            int most_passes) {
      const Cutoff found = guessed(values, CutoffSearch(4, n, keep, bins), step, room, most_passes);
      const std::vector<double> wide(values.begin(), values.end());
      ASSERT_EQ(applied(values, found, false), kept_largest(wide, keep, false))
          << keep << " with steps of " << step << " and room for " << room;
    };
    expect(smooth, 10, n / 4, 1);
    expect(zeros, 10, n, 1);
    expect(ties, 10, n, 1);
    expect(ties, 10, 100, 4);   // no room for what is equal
    expect(smooth, 10, 10, 4);  // nor for what is near
    expect(rising, 10, n / 4, 1);
    std::vector<float> sorted = rising;  // a sample of the first values alone
    std::vector<float> misled(sorted.begin(), sorted.end());
    std::reverse(misled.begin(), misled.begin() + n / 2);
    expect(misled, 59'000, n / 4, 4);
  }
  for (const double share : {0.0, 0.3, 0.9999, 1.0}) {
    const Cutoff found = guessed(zeros, CutoffSearch::of_nonzero(4, n, share, bins), 10, n, 1);
    const auto keep = static_cast<std::int64_t>(share * (n / 3));
    const std::vector<double> wide(zeros.begin(), zeros.end());
    EXPECT_EQ(applied(zeros, found, false), kept_largest(wide, keep, false)) << share;
  }
}

TEST(Largest, WhatIsKeptCanBeDropped) {
  const std::vector<float> values = {3, -1, 3, 2, -3, 0, 1};
  for (std::int64_t keep = 0; keep <= 7; ++keep) {
    std::vector<float> work(7);
    const Cutoff cutoff = find_cutoff(values.data(), 7, keep, work.data());
    std::vector<float> rest = values;
    drop_largest(cutoff, 0, 3, rest.data());
    drop_largest(cutoff, 3, 4, rest.data() + 3);
    const auto kept = applied(values, cutoff, false);
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_EQ(static_cast<double>(rest[i]) + kept[i], static_cast<double>(values[i])) << keep;
  }
}

}  // namespace
}  // namespace inarch
