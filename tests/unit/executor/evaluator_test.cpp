#include "runtime/executor/evaluator.h"

#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "runtime/kernels/convert.h"
#include "tests/unit/executor/checkpoint_maker.h"
#include "tests/unit/executor/evaluate_in_ranges.h"
#include "tests/unit/executor/oracle.h"
#include "tests/unit/executor/random_program.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

/// A source with tensors of small integers in every arithmetic type, open for reading.
class EvaluatorTest : public testing::Test {
 protected:
  void SetUp() override {
    std::mt19937_64 random(5);
    const std::vector<std::pair<std::string, DType>> kinds = {
        {"a", DType::f32},     {"b", DType::bf16},    {"c", DType::f16},
        {"d", DType::f8_e4m3}, {"e", DType::f8_e5m2}, {"f", DType::f64}};
    const std::int64_t counts[] = {720, 1024, 96, 36, 7, 360};
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      std::vector<double> values;
      for (std::int64_t i = 0; i < counts[k]; ++i) {
        values.push_back(static_cast<double>(random() % 17) - 8);
      }
      checkpoint_.add(kinds[k].first, kinds[k].second, {counts[k]}, values);
      values_[kinds[k].first] = values;
    }
    PlanMaker maker;
    maker.plan.sources.push_back(checkpoint_.write(directory_, "model.safetensors"));
    maker.compute("unused", DType::f32, {1}, {op(FillOp{0}, {}, 1)});
    plan_ = maker.finish();
    Diagnostics diagnostics;
    ASSERT_TRUE(inputs_.open_sources(plan_, diagnostics));
  }

  std::vector<double> values_of(const Op& read) const {
    for (const auto& [name, values] : values_) {
      if (std::get<ReadOp>(read.data).offset == checkpoint_.offset(name)) return values;
    }
    return {};
  }
  std::vector<double> expected(const Program& program) const {
    return evaluate_slowly(program, [&](const Op& read) { return values_of(read); });
  }

  std::vector<double> evaluate(const Program& program, const Evaluation& how, DType dtype,
                               std::mt19937_64& random) {
    return evaluate_in_ranges(program, how, dtype, inputs_, random);
  }

  TemporaryDirectory directory_;
  CheckpointMaker checkpoint_;
  std::map<std::string, std::vector<double>> values_;
  Plan plan_;
  InputFiles inputs_;
};

TEST_F(EvaluatorTest, RandomProgramsAgreeWithTheDefinitions) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<Op> reads;
    for (const char* name : {"a", "b", "c", "d", "e"}) reads.push_back(checkpoint_.read(name));
    const bool wide = round % 4 == 0;
    if (wide) reads.push_back(checkpoint_.read("f"));
    const Program program = random_program(random, reads, {});
    const std::int64_t tiles[] = {1, 13, 100, 1024, 100'000};
    const std::int64_t spans[] = {8, 64, 1000, 1 << 20};
    const Evaluation how{false, wide ? 8 : 4, tiles[random() % 5], spans[random() % 4],
                         static_cast<std::int64_t>(random() % 2000)};
    ASSERT_EQ(evaluate(program, how, DType::f32, random), expected(program))
        << "round " << round << ", tile " << how.tile << ", span " << how.span_bytes;
  }
}

TEST_F(EvaluatorTest, WindowsOfTranspositionsFollowTheRanges) {
  std::mt19937_64 random(16);
  for (int round = 0; round < 100; ++round) {
    const Program program = {
        checkpoint_.read("a"), checkpoint_.read("f"), op(ViewOp{0, {{24, 1}, {15, 24}}}, {0}, 360),
        op(ViewOp{359, {{15, -1}, {24, -15}}}, {1}, 360), op(LinearOp{{2, 0.5}, 1}, {2, 3}, 360)};
    const Evaluation how{false, 8, static_cast<std::int64_t>(1 + random() % 100), 128,
                         static_cast<std::int64_t>(random() % 400)};
    ASSERT_EQ(scratch::windowed_views(program, how)[2], true);
    ASSERT_EQ(evaluate(program, how, DType::f64, random), expected(program)) << "round " << round;
  }
}

TEST_F(EvaluatorTest, RandomMovesKeepEveryByte) {
  std::mt19937_64 random(12);
  const std::pair<const char*, DType> kinds[] = {
      {"a", DType::f32}, {"b", DType::bf16}, {"d", DType::f8_e4m3}, {"f", DType::f64}};
  for (int round = 0; round < 400; ++round) {
    const auto& [name, dtype] = kinds[round % 4];
    RandomProgramOptions options;
    options.compute = false;
    const Program program = random_program(random, {checkpoint_.read(name)}, options);
    const std::int64_t tiles[] = {1, 13, 100, 100'000};
    const Evaluation how{true, bytes(dtype), tiles[random() % 4],
                         static_cast<std::int64_t>(8 << (random() % 10)), 0};
    ASSERT_EQ(evaluate(program, how, dtype, random), expected(program)) << "round " << round;
  }
}

TEST_F(EvaluatorTest, RandomNumbersDoNotDependOnTiles) {
  std::mt19937_64 random(13);
  const Program program = {op(RandomOp{Distribution::normal, 0, 1, 3, "x"}, {}, 5000)};
  const auto whole = evaluate(program, {false, 4, 5000, 64, 0}, DType::f32, random);
  EXPECT_EQ(evaluate(program, {false, 4, 17, 64, 0}, DType::f32, random), whole);
  double sum = 0;
  for (const double value : whole) sum += value;
  EXPECT_NEAR(sum / 5000, 0, 0.1);
  EXPECT_NE(whole[0], whole[1]);
}

TEST_F(EvaluatorTest, ProductsHaveTheSameBitsForAnyTile) {
  // Values that no f32 sum holds exactly: only a fixed order of sums gives the same bits twice.
  std::mt19937_64 random(14);
  const Program program = {op(RandomOp{Distribution::normal, 0, 1, 1, "l"}, {}, 70 * 51),
                           op(RandomOp{Distribution::normal, 0, 1, 1, "r"}, {}, 51 * 21),
                           op(MatmulOp{70, 51, 21}, {0, 1}, 70 * 21)};
  const auto whole = evaluate(program, {false, 4, 100'000, 64, 0}, DType::f32, random);
  for (const std::int64_t tile : {500, 22, 21, 5}) {
    EXPECT_EQ(evaluate(program, {false, 4, tile, 64, 0}, DType::f32, random), whole) << tile;
  }
}

TEST_F(EvaluatorTest, MeansHaveTheSameBitsForAnyTile) {
  std::mt19937_64 random(15);
  const Program program = {op(RandomOp{Distribution::normal, 3, 1, 1, "m"}, {}, 2 * 3000 * 5),
                           op(ReduceOp{Reduction::mean, 2, 3000, 5}, {0}, 10)};
  const auto whole = evaluate(program, {false, 4, 100'000, 64, 0}, DType::f32, random);
  for (const std::int64_t tile : {3000, 100, 3}) {
    EXPECT_EQ(evaluate(program, {false, 4, tile, 64, 0}, DType::f32, random), whole) << tile;
  }
  EXPECT_NEAR(whole[0], 3, 0.1);
}

TEST_F(EvaluatorTest, ReductionsHaveTheSameBitsForAnyTile) {
  std::mt19937_64 random(16);
  for (const auto& [outer, axis, inner] :
       {std::array<std::int64_t, 3>{1, 20'000, 1}, {3, 5000, 1}, {500, 37, 1}, {40, 9, 50}}) {
    for (const Reduction reduction : {Reduction::sum, Reduction::norm, Reduction::max_abs}) {
      const std::int64_t count = outer * axis * inner;
      const Program program = {op(RandomOp{Distribution::normal, 3, 1, 1, "m"}, {}, count),
                               op(ReduceOp{reduction, outer, axis, inner}, {0}, outer * inner)};
      const auto whole = evaluate(program, {false, 4, 100'000, 64, 0}, DType::f32, random);
      for (const std::int64_t tile : {3000, 129, 64, 3}) {
        EXPECT_EQ(evaluate(program, {false, 4, tile, 64, 0}, DType::f32, random), whole)
            << name(reduction) << " of " << axis << " with tiles of " << tile;
      }
    }
  }
}

TEST_F(EvaluatorTest, TheLargestAreTheSameForAnyTile) {
  std::mt19937_64 random(17);
  for (const bool rounded : {false, true}) {  // rounding makes ties
    const DType dtype = rounded ? DType::f8_e4m3 : DType::f32;
    for (const std::int64_t groups : {1, 4, 300}) {
      const std::int64_t size = 6000 / groups;
      const Program program = {op(RandomOp{Distribution::normal, 0, 1, 1, "m"}, {}, 6000),
                               op(RoundOp{dtype}, {0}, 6000),
                               op(LargestOp{groups, size, size / 3, false}, {1}, 6000)};
      const auto whole = evaluate(program, {false, 4, 100'000, 64, 0}, DType::f32, random);
      EXPECT_EQ(std::count_if(whole.begin(), whole.end(), [](double v) { return v != 0; }),
                groups * (size / 3));
      for (const std::int64_t tile : {700, 64, 3}) {
        EXPECT_EQ(evaluate(program, {false, 4, tile, 64, 0}, DType::f32, random), whole)
            << groups << " groups with tiles of " << tile;
      }
    }
  }
}

TEST_F(EvaluatorTest, ReportsFilesThatEndEarly) {
  const Program program = {checkpoint_.read("f")};
  ASSERT_EQ(::truncate(directory_.at("model.safetensors").c_str(), 500), 0);
  Arena arena(1 << 16);
  arena.set_limit(1 << 16);
  Evaluator evaluator(program, {false, 8, 1000, 64, 0}, DType::f64, inputs_, arena);
  std::vector<std::byte> target(360 * 8);
  Status status = evaluator.evaluate(0, 360, target.data());
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "E701");
}

}  // namespace
}  // namespace inarch
