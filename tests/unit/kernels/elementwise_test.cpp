#include "runtime/kernels/elementwise.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/kernels/convert.h"

namespace inarch {
namespace {

constexpr std::size_t length = 5003;  // more than two chunks, and a remainder

template <typename T>
std::vector<std::vector<T>> operands(std::size_t count) {
  std::mt19937 generator(5);
  std::normal_distribution<double> normal(0, 2);
  std::vector<std::vector<T>> all(count, std::vector<T>(length));
  for (auto& operand : all) {
    for (T& value : operand) value = static_cast<T>(normal(generator));
  }
  return all;
}

template <typename T>
std::vector<const T*> pointers(const std::vector<std::vector<T>>& all) {
  std::vector<const T*> result;
  for (const auto& operand : all) result.push_back(operand.data());
  return result;
}

const std::vector<double> weight_list = {0.3, -1.7, 1.0, 2.25, 1e-3};

// One operation at a time, each rounded to T by a store.
template <typename T>
T expected(const std::vector<std::vector<T>>& all, std::size_t i, double bias) {
  volatile T sum = static_cast<T>(bias);
  for (std::size_t k = 0; k < all.size(); ++k) {
    volatile T product = static_cast<T>(weight_list[k]) * all[k][i];
    sum = k == 0 ? product : static_cast<T>(sum + product);
  }
  if (!all.empty() && bias != 0) sum = sum + static_cast<T>(bias);
  return sum;
}

template <typename T>
void expect_linear(std::size_t count, double bias) {
  const auto all = operands<T>(count);
  const auto inputs = pointers(all);
  std::vector<T> result(length + 1, T{77});
  linear(inputs, std::span(weight_list).first(count), bias, length, result.data());
  for (std::size_t i = 0; i < length; ++i) {
    ASSERT_EQ(result[i], expected(all, i, bias)) << count << " inputs, element " << i;
  }
  EXPECT_EQ(result[length], T{77});
}

TEST(Linear, MatchesTheSumInOrder) {
  for (std::size_t count = 0; count <= 5; ++count) {
    for (const double bias : {0.0, 0.1}) {
      expect_linear<float>(count, bias);
      expect_linear<double>(count, bias);
    }
  }
}

// The sum as exact as f64 makes it bounds what rounding may cost.
TEST(Linear, StaysNearTheExactSum) {
  const auto all = operands<float>(4);
  std::vector<float> result(length);
  linear(pointers(all), std::span(weight_list).first(4), 0.5, length, result.data());
  for (std::size_t i = 0; i < length; ++i) {
    double sum = 0.5;
    double size = 0.5;
    for (std::size_t k = 0; k < 4; ++k) {
      sum += weight_list[k] * static_cast<double>(all[k][i]);
      size += std::fabs(weight_list[k] * static_cast<double>(all[k][i]));
    }
    ASSERT_NEAR(static_cast<double>(result[i]), sum, size * 0x1p-21);
  }
}

TEST(Linear, MayOverwriteItsFirstInput) {
  for (std::size_t count = 1; count <= 4; ++count) {
    auto all = operands<float>(count);
    const auto inputs = pointers(all);
    std::vector<float> apart(length);
    const auto weights = std::span(weight_list).first(count);
    linear(inputs, weights, 0.25, length, apart.data());
    linear(inputs, weights, 0.25, length, all[0].data());
    EXPECT_EQ(all[0], apart) << count;
  }
}

TEST(Linear, KeepsNegativeZeroAndInfinity) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {-0.0F, inf, -inf, std::numeric_limits<float>::denorm_min()};
  const float* inputs[] = {x.data()};
  std::vector<float> result(4);
  linear(inputs, std::vector<double>{1.0}, 0.0, 4, result.data());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(result[i]), std::bit_cast<std::uint32_t>(x[i]));
  }
}

TEST(Linear, EveryNaNIsTheSame) {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> x(100, std::bit_cast<float>(0xffc12345U));
  std::vector<float> y(100, std::bit_cast<float>(0x7fe00001U));
  x[50] = inf;
  y[50] = inf;
  const float* inputs[] = {x.data(), y.data()};
  std::vector<float> result(100);
  linear(inputs, std::vector<double>{1.0, -1.0}, 0.0, 100, result.data());
  for (const float value : result) EXPECT_EQ(std::bit_cast<std::uint32_t>(value), 0x7fc00000U);
  linear(std::span(inputs).first(1), std::vector<double>{2.0}, 0.0, 50, result.data());
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(result[i]), 0x7fc00000U);
  }
}

std::vector<unsigned char> stored(DType dtype, const std::vector<float>& values) {
  std::vector<unsigned char> result(values.size() * static_cast<std::size_t>(bytes(dtype)));
  encode(dtype, values.data(), static_cast<std::int64_t>(values.size()), result.data());
  return result;
}

TEST(LinearEncoded, EqualsDecodeLinearEncode) {
  const DType types[] = {DType::bf16, DType::f16, DType::f32, DType::f8_e4m3, DType::f8_e5m2};
  for (const DType type : types) {
    for (std::size_t count = 0; count <= 4; ++count) {
      auto all = operands<float>(count);
      std::vector<std::vector<unsigned char>> data;
      std::vector<Encoded> inputs;
      for (std::size_t k = 0; k < count; ++k) {
        // The last operand has another type than the rest.
        const DType dtype = k == 3 ? DType::f32 : type;
        data.push_back(stored(dtype, all[k]));
        decode(dtype, data.back().data(), length, all[k].data());
        inputs.push_back({dtype, nullptr});
      }
      for (std::size_t k = 0; k < count; ++k) inputs[k].data = data[k].data();
      const auto weights = std::span(weight_list).first(count);
      std::vector<float> sum(length);
      linear(pointers(all), weights, 0.125, length, sum.data());
      std::vector<unsigned char> fused(length * static_cast<std::size_t>(bytes(type)));
      linear_encoded(inputs, weights, 0.125, length, type, fused.data());
      EXPECT_EQ(fused, stored(type, sum)) << name(type) << " " << count;
    }
  }
}

TEST(Clamp, LimitsNumbersAndPassesNaN) {
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<double> values = {-inf, -2, -1, -0.5, 0, 0.75, 1, 3, inf};
  values.push_back(std::numeric_limits<double>::quiet_NaN());
  std::vector<float> singles(values.begin(), values.end());
  clamp(values.data(), 10, -1, 0.75);
  clamp(singles.data(), 10, -1, 0.75);
  const std::vector<double> want = {-1, -1, -1, -0.5, 0, 0.75, 0.75, 0.75, 0.75};
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(values[i], want[i]);
    EXPECT_EQ(static_cast<double>(singles[i]), want[i]);
  }
  EXPECT_TRUE(std::isnan(values[9]) && std::isnan(singles[9]));
}

TEST(FillIdentity, MatchesTheMatrixInAnyPart) {
  for (const auto& [rows, columns] : {std::pair{5, 5}, {3, 7}, {7, 3}, {1, 1}, {4, 1}}) {
    const std::int64_t size = rows * columns;
    for (std::int64_t first = 0; first <= size; ++first) {
      for (std::int64_t n = 0; first + n <= size; ++n) {
        std::vector<float> part(static_cast<std::size_t>(n) + 1, -1.0F);
        fill_identity(columns, first, n, part.data());
        for (std::int64_t i = 0; i < n; ++i) {
          const bool diagonal = (first + i) / columns == (first + i) % columns;
          ASSERT_EQ(part[static_cast<std::size_t>(i)], diagonal ? 1.0F : 0.0F);
        }
        ASSERT_EQ(part.back(), -1.0F);
      }
    }
  }
}

}  // namespace
}  // namespace inarch
