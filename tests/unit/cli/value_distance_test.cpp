#include "runtime/cli/value_distance.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/cli/small_checkpoint.h"
#include "tests/unit/cli/special_numbers.h"

namespace inarch {
namespace {

ValueDistance distance_of(std::vector<double> a, std::vector<double> b) {
  ValueDistance distance;
  distance.add(a.data(), b.data(), static_cast<std::int64_t>(a.size()));
  return distance;
}

TEST(ValueDistance, AgreesWithTheDefinition) {
  const ValueDistance d = distance_of({3, 4, 0}, {3, 0, 2});
  EXPECT_EQ(d.count, 3);
  EXPECT_EQ(d.differing, 2);
  EXPECT_EQ(d.largest, 4);
  EXPECT_DOUBLE_EQ(d.relative(), std::sqrt(20.0) / 5);
  EXPECT_DOUBLE_EQ(d.cosine(), 9 / (5 * std::sqrt(13.0)));
}

TEST(ValueDistance, SumsOverPortionsOfAnyLength) {
  std::vector<double> a, b;
  for (int k = 0; k < 100; ++k) {
    a.push_back(k);
    b.push_back(k % 3 == 0 ? -k : k);
  }
  const ValueDistance whole = distance_of(a, b);
  ValueDistance parts;
  for (std::size_t begin = 0; begin < 100; begin += 13) {
    const std::size_t n = std::min<std::size_t>(13, 100 - begin);
    ValueDistance part;
    std::vector<double> x(a.begin() + static_cast<std::ptrdiff_t>(begin),
                          a.begin() + static_cast<std::ptrdiff_t>(begin + n));
    std::vector<double> y(b.begin() + static_cast<std::ptrdiff_t>(begin),
                          b.begin() + static_cast<std::ptrdiff_t>(begin + n));
    part.add(x.data(), y.data(), static_cast<std::int64_t>(n));
    parts.merge(part);
  }
  EXPECT_EQ(parts.count, 100);
  EXPECT_EQ(parts.differing, 33);
  EXPECT_EQ(parts.largest, 198);
  EXPECT_EQ(parts.squares, whole.squares);
  EXPECT_EQ(parts.products, whole.products);
}

TEST(ValueDistance, NaNEqualsNaNAndNothingElse) {
  const ValueDistance d = distance_of({nan, nan, infinity, infinity, -infinity, 1},
                                      {nan, 1, infinity, -infinity, 2, 1});
  EXPECT_EQ(d.count, 6);
  EXPECT_EQ(d.differing, 3);
  EXPECT_EQ(d.not_finite, 3);
  EXPECT_EQ(d.largest, 0);
  EXPECT_EQ(d.relative(), 0);
}

TEST(ValueDistance, ZerosAreNoDivisors) {
  EXPECT_EQ(distance_of({0, 0}, {0, -0.0}).relative(), 0);
  EXPECT_EQ(distance_of({0, 0}, {0, -0.0}).differing, 0);
  EXPECT_EQ(distance_of({0, 0}, {0, 0}).cosine(), 1);
  EXPECT_EQ(distance_of({0}, {1}).relative(), infinity);
  EXPECT_EQ(distance_of({0}, {1}).cosine(), 0);
}

std::vector<double> ramp(std::size_t n) {
  std::vector<double> x(n);
  for (std::size_t k = 0; k < n; ++k) x[k] = static_cast<double>(k % 97);
  return x;
}

class ComparePairs : public testing::TestWithParam<int> {
 protected:
  std::vector<PairComparison> compare(const SmallCheckpoint& a, const SmallCheckpoint& b) {
    std::vector<TensorPair> pairs;
    for (std::size_t k = 0; k < a.get().tensors.size(); ++k) {
      const TensorInfo* other = b.get().find(a.get().tensors[k].name);
      pairs.push_back({k, static_cast<std::size_t>(other - b.get().tensors.data())});
    }
    NoProgress progress;
    auto compared = compare_pairs(*a, *b, pairs, GetParam(), progress);
    EXPECT_TRUE(compared.ok());
    return *compared;
  }
};

TEST_P(ComparePairs, SeesOneElementInALargeTensor) {
  auto values = ramp(300000);
  const SmallCheckpoint a({{"x", DType::f32, {300000}, values}});
  values[299999] += 1;
  const SmallCheckpoint b({{"x", DType::f32, {300000}, values}});
  const auto same = compare(a, a);
  EXPECT_TRUE(same[0].same_bytes);
  EXPECT_FALSE(same[0].has_distance);
  const auto other = compare(a, b);
  EXPECT_FALSE(other[0].same_bytes);
  ASSERT_TRUE(other[0].has_distance);
  EXPECT_EQ(other[0].distance.count, 300000);
  EXPECT_EQ(other[0].distance.differing, 1);
  EXPECT_EQ(other[0].distance.largest, 1);
}

TEST_P(ComparePairs, MeasuresAcrossTypes) {
  const SmallCheckpoint a({{"x", DType::bf16, {2, 2}, {1, 2, 3, 4}}});
  const SmallCheckpoint b({{"x", DType::f64, {2, 2}, {1, 2, 3, 4.5}}});
  const auto compared = compare(a, b);
  EXPECT_FALSE(compared[0].same_bytes);
  ASSERT_TRUE(compared[0].has_distance);
  EXPECT_EQ(compared[0].distance.differing, 1);
  EXPECT_EQ(compared[0].distance.largest, 0.5);
}

TEST_P(ComparePairs, FindsTensorsThatLieElsewhere) {
  const SmallCheckpoint a({{"x", DType::f32, {2}, {1, 2}}, {"y", DType::f32, {1}, {3}}});
  const SmallCheckpoint b({{"y", DType::f32, {1}, {3}}, {"x", DType::f32, {2}, {1, 2}}});
  for (const PairComparison& pair : compare(a, b)) EXPECT_TRUE(pair.same_bytes);
}

TEST_P(ComparePairs, BytesCanDifferWhereValuesDoNot) {
  const SmallCheckpoint a({{"x", DType::f32, {1}, {0.0}}}), b({{"x", DType::f32, {1}, {-0.0}}});
  const auto compared = compare(a, b);
  EXPECT_FALSE(compared[0].same_bytes);
  EXPECT_EQ(compared[0].distance.differing, 0);
}

TEST_P(ComparePairs, EmptyTensorsAreEqual) {
  const SmallCheckpoint a({{"x", DType::f32, {0, 3}, {}}}), b({{"x", DType::f32, {0, 3}, {}}});
  EXPECT_TRUE(compare(a, b)[0].same_bytes);
}

INSTANTIATE_TEST_SUITE_P(Jobs, ComparePairs, testing::Values(1, 4));

}  // namespace
}  // namespace inarch
