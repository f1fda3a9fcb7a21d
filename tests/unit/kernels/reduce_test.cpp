#include "runtime/kernels/reduce.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace inarch {
namespace {

template <typename T>
std::vector<T> random_rows(std::int64_t count) {
  std::mt19937 generator(8);
  std::normal_distribution<double> normal(1, 100);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = static_cast<T>(normal(generator));
  return values;
}

// The tree of the contract, spelled out for one column.
template <typename T>
double column_sum(const std::vector<T>& rows, std::int64_t n_rows, std::int64_t inner,
                  std::int64_t column) {
  double sum = 0;
  for (std::int64_t block = 0; block < n_rows; block += reduce_block_rows) {
    double partial = 0;
    for (std::int64_t i = block; i < std::min(n_rows, block + reduce_block_rows); ++i) {
      partial += static_cast<double>(rows[static_cast<std::size_t>(i * inner + column)]);
    }
    sum += partial;
  }
  return sum;
}

template <typename T>
void expect_portions(std::int64_t axis, std::int64_t inner, std::int64_t portion) {
  const std::vector<T> rows = random_rows<T>(axis * inner);
  std::vector<double> block(static_cast<std::size_t>(inner), 0.0);
  std::vector<double> sums(static_cast<std::size_t>(inner), 0.0);
  for (std::int64_t first = 0; first < axis; first += portion) {
    accumulate_portion(rows.data() + first * inner, first, std::min(portion, axis - first), axis,
                       inner, block.data(), sums.data());
  }
  std::vector<T> mean(static_cast<std::size_t>(inner));
  divide(sums.data(), inner, axis, mean.data());
  for (std::int64_t j = 0; j < inner; ++j) {
    const auto at = static_cast<std::size_t>(j);
    const double want = column_sum(rows, axis, inner, j);
    ASSERT_EQ(sums[at], want) << axis << " rows in portions of " << portion;
    ASSERT_EQ(mean[at], static_cast<T>(want / static_cast<double>(axis)));
    ASSERT_EQ(block[at], 0.0);
  }
}

TEST(AccumulatePortion, DoesNotDependOnPortions) {
  for (const std::int64_t portion : {1, 7, 1000, 1024, 1025, 5000}) {
    expect_portions<float>(2500, 5, portion);
    expect_portions<double>(2048, 3, portion);
    expect_portions<float>(3, 2100, portion);
    expect_portions<float>(1, 1, portion);
  }
}

TEST(AccumulateRows, BlocksMayBeSummedApart) {
  const std::int64_t axis = 2600;
  const std::int64_t inner = 17;
  const std::vector<float> rows = random_rows<float>(axis * inner);
  std::vector<double> sums(17, 0.0);
  for (std::int64_t first = 0; first < axis; first += reduce_block_rows) {
    std::vector<double> block(17, 0.0);
    accumulate_rows(rows.data() + first * inner, std::min(reduce_block_rows, axis - first), inner,
                    block.data());
    add_block(block.data(), inner, sums.data());
  }
  for (std::int64_t j = 0; j < inner; ++j) {
    EXPECT_EQ(sums[static_cast<std::size_t>(j)], column_sum(rows, axis, inner, j));
  }
}

TEST(Divide, YieldsOneNaN) {
  const double sums[] = {std::copysign(std::numeric_limits<double>::quiet_NaN(), -1.0), 3.0};
  float single[2];
  double wide[2];
  divide(sums, 2, 2, single);
  divide(sums, 2, 2, wide);
  EXPECT_TRUE(std::isnan(single[0]) && !std::signbit(single[0]));
  EXPECT_TRUE(std::isnan(wide[0]) && !std::signbit(wide[0]));
  EXPECT_EQ(single[1], 1.5F);
  EXPECT_EQ(wide[1], 1.5);
}

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

TEST(MaxAbs, FindsTheLargestMagnitude) {
  std::vector<double> values = random_rows<double>(1001);
  values[500] = -12345.678;
  values[501] = -not_a_number;
  values[502] = not_a_number;
  const std::vector<float> singles(values.begin(), values.end());
  EXPECT_EQ(max_abs(values.data(), 1001), 12345.678);
  EXPECT_EQ(max_abs(singles.data(), 1001), static_cast<double>(12345.678F));
  values[1000] = -infinity;
  EXPECT_EQ(max_abs(values.data(), 1001), infinity);
  EXPECT_EQ(max_abs(values.data(), 0), 0.0);
  EXPECT_EQ(max_abs(values.data() + 501, 2), 0.0);
}

TEST(MaxAbsDifference, ComparesInfinitiesAndNaN) {
  std::vector<double> a = random_rows<double>(999);
  std::vector<double> b = a;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), 0.0);
  b[998] = a[998] + 0.5;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), std::fabs(a[998] - b[998]));
  a[3] = b[3] = infinity;
  a[4] = b[4] = -infinity;
  a[5] = not_a_number;
  b[5] = -not_a_number;
  a[6] = -0.0;
  b[6] = 0.0;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), std::fabs(a[998] - b[998]));
  b[4] = infinity;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), infinity);
  b[4] = -infinity;
  b[5] = 1.0;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), infinity);
}

TEST(CountNonFinite, CountsInfinitiesAndNaN) {
  std::vector<double> values = random_rows<double>(777);
  values[0] = infinity;
  values[100] = -infinity;
  values[776] = not_a_number;
  values[300] = std::numeric_limits<double>::max();
  const std::vector<float> singles = [&] {
    std::vector<float> result(values.begin(), values.end());
    result[300] = std::numeric_limits<float>::max();
    return result;
  }();
  EXPECT_EQ(count_non_finite(values.data(), 777), 3);
  EXPECT_EQ(count_non_finite(singles.data(), 777), 3);
  EXPECT_EQ(count_non_finite(singles.data() + 1, 99), 0);
}

}  // namespace
}  // namespace inarch
