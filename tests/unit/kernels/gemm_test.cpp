#include "runtime/kernels/gemm.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace inarch {
namespace {

template <typename T>
std::vector<T> matrix(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<T> values(static_cast<std::size_t>(rows * columns));
  for (T& value : values) value = static_cast<T>(normal(generator));
  return values;
}

template <typename T>
void expect_product(std::int64_t m, std::int64_t k, std::int64_t n) {
  const std::vector<T> a = matrix<T>(m, k, 1);
  const std::vector<T> b = matrix<T>(k, n, 2);
  std::vector<T> c(static_cast<std::size_t>(m * n) + 1, std::numeric_limits<T>::quiet_NaN());
  gemm(m, k, n, a.data(), b.data(), c.data());
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;
      double size = 0;
      for (std::int64_t l = 0; l < k; ++l) {
        const double term = static_cast<double>(a[static_cast<std::size_t>(i * k + l)]) *
                            static_cast<double>(b[static_cast<std::size_t>(l * n + j)]);
        sum += term;
        size += std::fabs(term);
      }
      const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
      ASSERT_NEAR(static_cast<double>(c[static_cast<std::size_t>(i * n + j)]), sum,
                  static_cast<double>(k + 1) * unit * size)
          << m << " " << k << " " << n;
    }
  }
  EXPECT_TRUE(std::isnan(c.back()));
}

TEST(Gemm, MatchesTheDefinition) {
  for (const auto& [m, k, n] : {std::tuple{1, 1, 1},
                                {3, 5, 7},
                                {64, 33, 20},
                                {40, 100, 1},
                                {1, 50, 30},
                                {1, 70, 1},
                                {5, 0, 4},
                                {0, 3, 2},
                                {2, 3, 0}}) {
    expect_product<float>(m, k, n);
    expect_product<double>(m, k, n);
  }
}

TEST(Gemm, NamesItsProcessor) { EXPECT_STRNE(gemm_processor(), ""); }

}  // namespace
}  // namespace inarch
