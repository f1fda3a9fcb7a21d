#include "runtime/kernels/reduce.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/kernels/random_values.h"

namespace inarch {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

TEST(MaxAbs, FindsTheLargestMagnitude) {
  std::vector<double> values = random_values<double>(1001);
  values[500] = -12345.678;
  values[501] = -not_a_number;
  values[502] = not_a_number;
  const std::vector<float> singles(values.begin(), values.end());
  EXPECT_EQ(max_abs(values.data(), 1001), 12345.678);
  EXPECT_EQ(max_abs(singles.data(), 1001), static_cast<double>(12345.678F));
  values[1000] = -inf;
  EXPECT_EQ(max_abs(values.data(), 1001), inf);
  EXPECT_EQ(max_abs(values.data(), 0), 0.0);
  EXPECT_EQ(max_abs(values.data() + 501, 2), 0.0);
}

TEST(MaxAbsDifference, ComparesInfinitiesAndNaN) {
  std::vector<double> a = random_values<double>(999);
  std::vector<double> b = a;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), 0.0);
  b[998] = a[998] + 0.5;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), std::fabs(a[998] - b[998]));
  a[3] = b[3] = inf;
  a[4] = b[4] = -inf;
  a[5] = not_a_number;
  b[5] = -not_a_number;
  a[6] = -0.0;
  b[6] = 0.0;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), std::fabs(a[998] - b[998]));
  b[4] = inf;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), inf);
  b[4] = -inf;
  b[5] = 1.0;
  EXPECT_EQ(max_abs_difference(a.data(), b.data(), 999), inf);
}

TEST(MaxExcess, LooksAtOneSide) {
  const double a[] = {1, -5, inf, not_a_number, 3};
  const double b[] = {2, -4, inf, 0, 1};
  EXPECT_EQ(max_excess(a, b, 3), 0);
  EXPECT_EQ(max_excess(a + 4, b + 4, 1), 2);
  EXPECT_EQ(max_excess(b + 4, a + 4, 1), 0);
  EXPECT_EQ(max_excess(a, b, 5), inf);
  EXPECT_EQ(max_excess(b + 3, a + 3, 1), inf);
}

TEST(CountNonFinite, CountsInfinitiesAndNaN) {
  std::vector<double> values = random_values<double>(777);
  values[0] = inf;
  values[100] = -inf;
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
