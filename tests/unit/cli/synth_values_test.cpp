#include "runtime/cli/synth_values.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/cli/stored_numbers.h"

namespace inarch {
namespace {

SynthTensor tensor_of(std::string name, DType dtype, Shape shape) {
  SynthTensor tensor;
  tensor.name = std::move(name);
  tensor.dtype = dtype;
  tensor.shape = std::move(shape);
  tensor.bytes = numel(tensor.shape) * bits(dtype) / 8;
  return tensor;
}

std::vector<std::byte> drawn(const SynthTensor& tensor, std::int64_t tile = 1 << 20,
                             SynthValues values = {}) {
  std::vector<std::byte> all(static_cast<std::size_t>(tensor.bytes));
  std::vector<float> scratch(static_cast<std::size_t>(std::max<std::int64_t>(tile, 8)));
  for (std::int64_t begin = 0; begin < tensor.bytes; begin += tile) {
    const std::int64_t size = std::min(tile, tensor.bytes - begin);
    draw_values(
        tensor, values, begin, scratch,
        std::span(all).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size)));
  }
  return all;
}

std::vector<double> numbers(const SynthTensor& tensor, SynthValues values = {}) {
  const auto stored = drawn(tensor, 1 << 20, values);
  std::vector<double> result(static_cast<std::size_t>(numel(tensor.shape)));
  read_numbers(tensor.dtype, stored.data(), numel(tensor.shape), result.data());
  return result;
}

double mean(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += value;
  return sum / static_cast<double>(x.size());
}

double deviation(const std::vector<double>& x) {
  const double m = mean(x);
  double sum = 0;
  for (const double value : x) sum += (value - m) * (value - m);
  return std::sqrt(sum / static_cast<double>(x.size()));
}

class EveryType : public testing::TestWithParam<int> {
 protected:
  DType dtype() const { return static_cast<DType>(GetParam()); }
};

TEST_P(EveryType, DoesNotDependOnTiles) {
  const SynthTensor tensor = tensor_of("x", dtype(), {40, 32});
  const auto whole = drawn(tensor);
  EXPECT_EQ(drawn(tensor, 24), whole);
  EXPECT_EQ(drawn(tensor, 512), whole);
}

TEST_P(EveryType, DependsOnTheName) {
  EXPECT_NE(drawn(tensor_of("x", dtype(), {64, 8})), drawn(tensor_of("y", dtype(), {64, 8})));
}

TEST_P(EveryType, IsFiniteAndVaries) {
  if (!has_numbers(dtype())) return;
  for (const double scale : {0.02, 1e4}) {
    SynthValues values;
    values.deviation = scale;
    const auto x = numbers(tensor_of("x", dtype(), {100, 100}), values);
    for (const double value : x) ASSERT_TRUE(std::isfinite(value));
    EXPECT_GE(std::set<double>(x.begin(), x.end()).size(), dtype() == DType::boolean ? 2u : 5u);
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, EveryType, testing::Range(0, dtype_count));

TEST(SynthValues, MatricesAreAroundZeroAndNormsAroundOne) {
  SynthValues values;
  values.deviation = 0.05;
  const auto matrix = numbers(tensor_of("mlp.up_proj.weight", DType::bf16, {300, 100}), values);
  EXPECT_NEAR(mean(matrix), 0, 0.002);
  EXPECT_NEAR(deviation(matrix), 0.05, 0.002);
  const auto norm = numbers(tensor_of("input_layernorm.weight", DType::f32, {10000}), values);
  EXPECT_NEAR(mean(norm), 1, 0.003);
  EXPECT_NEAR(deviation(norm), 0.05, 0.003);
  const auto bias = numbers(tensor_of("q_proj.bias", DType::f32, {10000}), values);
  EXPECT_NEAR(mean(bias), 0, 0.003);
}

TEST(SynthValues, ClipsHaveTheirSigns) {
  for (const char* name : {"a.input_min", "b.output_min"})
    EXPECT_LT(numbers(tensor_of(name, DType::bf16, {}))[0], -2) << name;
  for (const char* name : {"a.input_max", "b.output_max"})
    EXPECT_GT(numbers(tensor_of(name, DType::bf16, {}))[0], 2) << name;
}

TEST(SynthValues, ScalesMakeUpForFP8) {
  const auto codes = numbers(tensor_of("w", DType::f8_e4m3, {100, 100}));
  const auto scales = numbers(tensor_of("w_scale_inv", DType::f32, {100, 100}));
  EXPECT_NEAR(deviation(codes) * mean(scales), 0.02, 0.002);
  for (const double scale : scales) ASSERT_GT(scale, 0);
}

TEST(SynthValues, TheSeedMatters) {
  const SynthTensor tensor = tensor_of("x", DType::f32, {16});
  SynthValues other;
  other.seed = 1;
  EXPECT_NE(drawn(tensor), drawn(tensor, 1 << 20, other));
}

TEST(SynthValues, NoNaNAmongTheCodesOfFnuz) {
  const auto codes = drawn(tensor_of("x", DType::f8_e4m3fnuz, {100, 100}));
  EXPECT_EQ(std::count(codes.begin(), codes.end(), std::byte{0x80}), 0);
}

}  // namespace
}  // namespace inarch
