#include "runtime/kernels/axis_reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/slow_ops.h"
#include "tests/unit/kernels/random_values.h"

namespace inarch {
namespace {

constexpr Reduction all[] = {Reduction::sum, Reduction::mean, Reduction::norm,
                             Reduction::max, Reduction::min,  Reduction::max_abs};

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
std::vector<double> reduce_in_portions(Reduction reduction, const std::vector<T>& rows,
                                       std::int64_t axis, std::int64_t inner,
                                       std::int64_t portion) {
  std::vector<double> block(static_cast<std::size_t>(inner));
  std::vector<double> sums(static_cast<std::size_t>(inner));
  start_reduction(reduction, inner, block.data());
  start_reduction(reduction, inner, sums.data());
  for (std::int64_t first = 0; first < axis; first += portion) {
    reduce_portion(reduction, rows.data() + first * inner, first, std::min(portion, axis - first),
                   axis, inner, block.data(), sums.data());
  }
  return sums;
}

template <typename T>
void expect_portions(std::int64_t axis, std::int64_t inner, std::int64_t portion) {
  const std::vector<T> rows = random_values<T>(axis * inner);
  const auto sums = reduce_in_portions(Reduction::mean, rows, axis, inner, portion);
  std::vector<T> mean(static_cast<std::size_t>(inner));
  finish_reduction(Reduction::mean, sums.data(), inner, axis, mean.data());
  for (std::int64_t j = 0; j < inner; ++j) {
    const auto at = static_cast<std::size_t>(j);
    const double want = column_sum(rows, axis, inner, j);
    ASSERT_EQ(sums[at], want) << axis << " rows in portions of " << portion;
    ASSERT_EQ(mean[at], static_cast<T>(want / static_cast<double>(axis)));
  }
}

TEST(ReducePortion, FollowsTheTree) {
  for (const std::int64_t portion : {1, 7, 1000, 1024, 1025, 5000}) {
    expect_portions<float>(2500, 5, portion);
    expect_portions<double>(2048, 3, portion);
    expect_portions<float>(3, 2100, portion);
    expect_portions<float>(1, 1, portion);
  }
}

TEST(ReducePortion, EveryReductionIsWhatItSays) {
  const std::int64_t axis = 1500, inner = 7;
  const std::vector<float> rows = random_values<float>(axis * inner);
  for (const Reduction reduction : all) {
    auto whole = reduce_in_portions(reduction, rows, axis, inner, axis);
    EXPECT_EQ(reduce_in_portions(reduction, rows, axis, inner, 11), whole) << name(reduction);
    std::vector<double> result(7);
    finish_reduction(reduction, whole.data(), inner, axis, result.data());
    for (std::int64_t j = 0; j < inner; ++j) {
      std::vector<double> column;
      for (std::int64_t i = 0; i < axis; ++i)
        column.push_back(static_cast<double>(rows[static_cast<std::size_t>(i * inner + j)]));
      const double want = reduced(reduction, column);
      EXPECT_NEAR(result[static_cast<std::size_t>(j)], want, std::fabs(want) * 1e-13)
          << name(reduction);
    }
  }
}

TEST(ReduceRow, MakesOneOfAllLanes) {
  const std::vector<double> row = random_values<double>(200);
  for (const Reduction reduction : all) {
    std::vector<double> sums(64);
    start_reduction(reduction, 64, sums.data());
    for (std::size_t at = 0; at < row.size(); at += 64)
      reduce_row(reduction, row.data() + at,
                 static_cast<std::int64_t>(std::min<std::size_t>(64, row.size() - at)),
                 sums.data());
    combine_sums(reduction, 64, sums.data());
    double result = 0;
    finish_reduction(reduction, sums.data(), 1, 200, &result);
    const double want = reduced(reduction, row);
    EXPECT_NEAR(result, want, std::fabs(want) * 1e-13) << name(reduction);
  }
}

TEST(ReducePortion, NaNIsNeverPassedOver) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::size_t place : {0u, 5u, 9u}) {
    std::vector<double> rows(10, 1.0);
    rows[place] = -nan;
    for (const Reduction reduction : all) {
      const auto sums = reduce_in_portions(reduction, rows, 10, 1, 3);
      float result = 0;
      finish_reduction(reduction, sums.data(), 1, 10, &result);
      EXPECT_TRUE(std::isnan(result) && !std::signbit(result)) << name(reduction) << place;
    }
  }
}

}  // namespace
}  // namespace inarch
