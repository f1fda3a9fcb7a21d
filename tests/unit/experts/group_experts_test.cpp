#include "runtime/experts/group_experts.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace inarch {

namespace {

/// Rows about `centers` directions, in turn.
std::vector<float> scattered(std::int64_t count, std::int64_t centers, std::int64_t width,
                             unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> middle(static_cast<std::size_t>(centers * width));
  for (float& x : middle) x = normal(random);
  std::vector<float> rows;
  for (std::int64_t k = 0; k < count; ++k) {
    for (std::int64_t d = 0; d < width; ++d)
      rows.push_back(middle[static_cast<std::size_t>(k % centers * width + d)] +
                     0.05F * normal(random));
  }
  return rows;
}

void expect_partition(const Groups& groups, std::int64_t count, std::int64_t wanted) {
  ASSERT_EQ(std::ssize(groups), wanted);
  std::set<std::int64_t> all;
  for (const auto& group : groups) {
    EXPECT_GE(std::ssize(group), count / wanted);
    EXPECT_LE(std::ssize(group), (count + wanted - 1) / wanted);
    EXPECT_TRUE(std::is_sorted(group.begin(), group.end()));
    all.insert(group.begin(), group.end());
  }
  EXPECT_EQ(std::ssize(all), count);
  EXPECT_TRUE(std::is_sorted(groups.begin(), groups.end()));
}

}  // namespace

TEST(GroupExperts, finds_what_lies_together) {
  const auto rows = scattered(32, 4, 24, 1);
  const Similarity similarity = cosines(rows.data(), 32, 24);
  for (const Grouping grouping : {Grouping::agglomerative, Grouping::kmeans}) {
    const Groups groups = group_alike(similarity, 4, grouping);
    expect_partition(groups, 32, 4);
    for (const auto& group : groups) {
      for (const std::int64_t member : group) EXPECT_EQ(member % 4, group.front() % 4);
    }
  }
}

TEST(GroupExperts, groups_are_even_whatever_the_likeness) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const auto count = std::uniform_int_distribution<std::int64_t>(1, 24)(random);
    const auto wanted = std::uniform_int_distribution<std::int64_t>(1, count)(random);
    const auto rows =
        scattered(count, std::max<std::int64_t>(1, count / 3), 5, static_cast<unsigned>(round));
    const Similarity similarity = cosines(rows.data(), count, 5);
    expect_partition(group_alike(similarity, wanted, Grouping::agglomerative), count, wanted);
    expect_partition(group_alike(similarity, wanted, Grouping::kmeans), count, wanted);
    std::vector<double> use;
    for (std::int64_t k = 0; k < count; ++k) use.push_back(static_cast<double>(random() % 5));
    expect_partition(group_by_use(use, wanted), count, wanted);
  }
}

TEST(GroupExperts, equal_experts_and_silent_ones) {
  const std::vector<float> zeros(12, 0.0F);
  const Similarity silent = cosines(zeros.data(), 4, 3);
  EXPECT_EQ(silent.of(0, 1), 0);
  EXPECT_EQ(silent.of(2, 2), 1);
  expect_partition(group_alike(silent, 2, Grouping::kmeans), 4, 2);
  expect_partition(group_alike(silent, 3, Grouping::agglomerative), 4, 3);
}

TEST(GroupExperts, the_most_used_are_apart) {
  const Groups groups = group_by_use({9, 1, 1, 8, 7, 0, 2, 1}, 4);
  expect_partition(groups, 8, 4);
  for (const auto& group : groups) {
    const auto busy = std::count_if(group.begin(), group.end(),
                                    [](std::int64_t e) { return e == 0 || e == 3 || e == 4; });
    EXPECT_LE(busy, 1);
  }
}

TEST(GroupExperts, co_use_divides_by_how_often_each_was_chosen) {
  const Similarity similarity = cosines_of_products({4, 2, 0, 2, 9, 3, 0, 3, 1}, 3);
  EXPECT_DOUBLE_EQ(similarity.of(0, 1), 2 / std::sqrt(36.0));
  EXPECT_DOUBLE_EQ(similarity.of(1, 2), 1);
  EXPECT_DOUBLE_EQ(similarity.of(0, 2), 0);
}

}  // namespace inarch
