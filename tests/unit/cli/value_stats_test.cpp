#include "runtime/cli/value_stats.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/cli/small_checkpoint.h"
#include "tests/unit/cli/special_numbers.h"

namespace inarch {
namespace {

std::vector<double> random_numbers(std::size_t n, double mean, double deviation) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<double> x(n);
  for (double& value : x) value = normal(random);
  return x;
}

ValueStats stats_of(std::vector<double> x, std::size_t portion = 1000000) {
  ValueStats stats;
  for (std::size_t begin = 0; begin < x.size(); begin += portion)
    stats.add(x.data() + begin, static_cast<std::int64_t>(std::min(portion, x.size() - begin)));
  return stats;
}

TEST(ValueStats, AgreesWithTheDefinition) {
  for (const std::size_t n : {1u, 2u, 7u, 8u, 9u, 1001u}) {
    const auto x = random_numbers(n, 3, 0.5);
    long double sum = 0, squares = 0;
    for (const double value : x) sum += value;
    const long double mean = sum / static_cast<long double>(n);
    for (const double value : x) squares += (value - mean) * (value - mean);
    const ValueStats stats = stats_of(x);
    EXPECT_EQ(stats.finite, static_cast<std::int64_t>(n));
    EXPECT_NEAR(stats.mean, static_cast<double>(mean), 1e-14);
    EXPECT_NEAR(stats.deviation(),
                static_cast<double>(std::sqrt(squares / static_cast<long double>(n))), 1e-14);
    EXPECT_EQ(stats.least, *std::min_element(x.begin(), x.end()));
    EXPECT_EQ(stats.greatest, *std::max_element(x.begin(), x.end()));
  }
}

TEST(ValueStats, PortionsChangeNothingThatMatters) {
  const auto x = random_numbers(5000, 1e6, 1e-3);
  const ValueStats whole = stats_of(x), parts = stats_of(x, 77);
  EXPECT_NEAR(parts.mean, whole.mean, 1e-9);
  EXPECT_NEAR(parts.deviation(), whole.deviation(), 1e-9);
  EXPECT_NEAR(whole.deviation(), 1e-3, 1e-4);
}

TEST(ValueStats, LeavesOutWhatIsNotFinite) {
  const ValueStats stats = stats_of({1, nan, infinity, -infinity, 3, 0, -0.0});
  EXPECT_EQ(stats.finite, 4);
  EXPECT_EQ(stats.nans, 1);
  EXPECT_EQ(stats.infinities, 2);
  EXPECT_EQ(stats.zeros, 2);
  EXPECT_EQ(stats.mean, 1);
  EXPECT_EQ(stats.least, 0);
  EXPECT_EQ(stats.greatest, 3);
}

TEST(ValueStats, HoldsWithoutAnyFiniteNumber) {
  const ValueStats stats = stats_of({nan, nan});
  EXPECT_EQ(stats.finite, 0);
  EXPECT_EQ(stats.nans, 2);
  EXPECT_EQ(stats.deviation(), 0);
}

TEST(ValueStats, LargeNumbersDoNotOverflowIntoNaN) {
  EXPECT_EQ(stats_of({1e300, 1e300}, 1).mean, 1e300);
  EXPECT_EQ(stats_of({1e300}).deviation(), 0);
}

TEST(MeasureTensors, ReadsTensorsOfAllSizesByAnyNumberOfThreads) {
  const SmallCheckpoint model({{"big", DType::f32, {150000}, random_numbers(150000, 0, 1)},
                               {"half", DType::bf16, {3}, {1, 2, 3}},
                               {"scalar", DType::f64, {}, {5}},
                               {"empty", DType::f32, {0, 4}, {}}});
  NoProgress progress;
  std::vector<std::size_t> positions;
  for (std::size_t k = 0; k < model.get().tensors.size(); ++k) positions.push_back(k);
  const auto one = measure_tensors(*model, positions, 1, progress);
  const auto many = measure_tensors(*model, positions, 4, progress);
  ASSERT_TRUE(one.ok() && many.ok());
  for (std::size_t k = 0; k < positions.size(); ++k) {
    ASSERT_TRUE((*one)[k]);
    EXPECT_EQ((*one)[k]->mean, (*many)[k]->mean);
    EXPECT_EQ((*one)[k]->squares, (*many)[k]->squares);
    const TensorInfo& tensor = model.get().tensors[k];
    EXPECT_EQ((*one)[k]->finite, tensor.elements()) << tensor.name;
    if (tensor.name == "half") {
      EXPECT_EQ((*one)[k]->mean, 2);
    }
    if (tensor.name == "scalar") {
      EXPECT_EQ((*one)[k]->greatest, 5);
    }
  }
}

TEST(MeasureTensors, TellsOfAFileThatBecameShorter) {
  const TemporaryDirectory directory;
  const std::string path =
      directory.write("model.safetensors", small_file({{"x", DType::f32, {4}, {1, 2, 3, 4}}}));
  const Checkpoint checkpoint = opened(directory.path());
  std::string text = directory.read("model.safetensors");
  text.resize(text.size() - 4);
  directory.write("model.safetensors", text);
  NoProgress progress;
  const auto measured = measure_tensors(checkpoint, {0}, 2, progress);
  ASSERT_FALSE(measured.ok());
  EXPECT_EQ(measured.error().code, "E701");
}

}  // namespace
}  // namespace inarch
