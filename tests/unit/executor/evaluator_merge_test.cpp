#include <cmath>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "runtime/executor/evaluator.h"
#include "runtime/kernels/coins.h"
#include "tests/support/slow_merges.h"
#include "tests/unit/executor/checkpoint_maker.h"
#include "tests/unit/executor/evaluate_in_ranges.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

constexpr std::int64_t count = 6000;

MergeOp merging(Merge merge, std::int64_t groups) {
  MergeOp op;
  op.merge = merge;
  op.groups = groups;
  op.size = count / groups;
  return op;
}

/// Three differences from a base and the base itself, all stored as f32 or f64.
class EvaluatorMergeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::mt19937_64 random(11);
    std::normal_distribution<double> normal;
    for (const std::string& name :
         {std::string("base"), std::string("x"), std::string("y"), std::string("z"),
          std::string("u"), std::string("v"), std::string("w")}) {
      Vector values;
      for (std::int64_t i = 0; i < count; ++i) {
        // Quarters, so that magnitudes tie; small, so that differences cross epsilons.
        const double value =
            name >= "u" && name <= "w" ? normal(random) : std::round(4 * normal(random)) / 64;
        values.push_back(static_cast<double>(static_cast<float>(value)));
      }
      checkpoint_.add(name, DType::f32, {count}, values);
      checkpoint_.add(name + "64", DType::f64, {count}, values);
      values_[name] = values;
    }
    PlanMaker maker;
    maker.plan.sources.push_back(checkpoint_.write(directory_, "model.safetensors"));
    maker.compute("unused", DType::f32, {1}, {op(FillOp{0}, {}, 1)});
    plan_ = maker.finish();
    Diagnostics diagnostics;
    ASSERT_TRUE(inputs_.open_sources(plan_, diagnostics));
  }

  Program program_of(const MergeOp& merge, const std::vector<std::string>& names,
                     const std::string& suffix) const {
    Program program;
    std::vector<std::uint32_t> inputs;
    for (const std::string& name : names) {
      inputs.push_back(static_cast<std::uint32_t>(program.size()));
      program.push_back(checkpoint_.read(name + suffix));
    }
    program.push_back(op(merge, inputs, merge.count()));
    return program;
  }

  Vector evaluate(const MergeOp& merge, const std::vector<std::string>& names, int width,
                  std::int64_t tile) {
    const Program program = program_of(merge, names, width == 8 ? "64" : "");
    return evaluate_in_ranges(program, {false, width, tile, 1 << 16, 0},
                              width == 8 ? DType::f64 : DType::f32, inputs_, random_);
  }

  /// The oracle's values, and the same bits for any tile.
  void expect_right(const MergeOp& merge, const std::vector<std::string>& names) {
    std::vector<Vector> inputs;
    for (const std::string& name : names) inputs.push_back(values_.at(name));
    const Vector expected = merged_slowly(merge, inputs);
    for (const int width : {4, 8}) {
      const double tolerance = width == 8 ? 1e-11 : 1e-6;
      const Vector whole = evaluate(merge, names, width, 100'000);
      double worst = 0;
      for (std::size_t i = 0; i < whole.size(); ++i)
        worst = std::max(worst, std::fabs(whole[i] - expected[i]));
      EXPECT_LE(worst, tolerance) << name(merge.merge) << " of " << merge.groups << " runs in f"
                                  << 8 * width;
      for (const std::int64_t tile : {3000, 129, 7}) {
        EXPECT_EQ(evaluate(merge, names, width, tile), whole)
            << name(merge.merge) << " with tiles of " << tile;
      }
    }
  }

  TemporaryDirectory directory_;
  CheckpointMaker checkpoint_;
  std::map<std::string, Vector> values_;
  Plan plan_;
  InputFiles inputs_;
  std::mt19937_64 random_{23};
};

TEST_F(EvaluatorMergeTest, Blends) {
  for (const std::int64_t groups : {1, 5, 300}) {
    MergeOp op = merging(Merge::slerp, groups);
    op.t = 0.3;
    expect_right(op, {"x", "y"});
    expect_right(op, {"x", "x"});
    op.merge = Merge::nuslerp;
    expect_right(op, {"x", "y"});
    op.from_base = true;
    expect_right(op, {"base", "x", "y"});
    op = merging(Merge::karcher, groups);
    op.iterations = 10;
    op.tolerance = 1e-5;
    expect_right(op, {"x", "y", "z"});
    op = merging(Merge::model_stock, groups);
    op.from_base = true;
    expect_right(op, {"base", "x", "y", "z"});
    op = merging(Merge::multislerp, groups);
    op.weights = {0.5, 0.2, 0.9};
    op.epsilon = 1e-8;
    op.normalize = true;
    expect_right(op, {"x", "y", "z"});
    op.from_base = true;
    op.normalize = false;
    expect_right(op, {"base", "x", "y", "z"});
    op.weights = {1, 1, 1};
    op.normalize = true;
    expect_right(op, {"base", "base", "base", "base"});  // no direction at all
  }
}

TEST_F(EvaluatorMergeTest, Trims) {
  for (const std::int64_t groups : {1, 4, 300}) {
    for (const bool rescale : {false, true}) {
      MergeOp op = merging(Merge::trim, groups);
      op.rescale = rescale;
      for (const double density : {0.0, 0.3, 0.95}) {
        op.keep = static_cast<std::int64_t>(density * static_cast<double>(op.size));
        op.skip = 0;
        expect_right(op, {"x"});
        op.skip = std::min<std::int64_t>(op.size / 20, op.size - op.keep);
        expect_right(op, {"x"});
        expect_right(op, {"w"});
      }
    }
  }
}

TEST_F(EvaluatorMergeTest, Votes) {
  MergeOp op = merging(Merge::vote, 1);
  for (const bool normalize : {false, true}) {
    op.normalize = normalize;
    op.weights = {0.5, 0.25, 0.25};
    expect_right(op, {"x", "y", "z"});
    op.weights = {1, -0.5, 0.25};
    expect_right(op, {"x", "y", "z"});
    op.weights = {0.7};
    expect_right(op, {"x"});
  }
}

TEST_F(EvaluatorMergeTest, SelectsCalculatesErases) {
  for (const std::int64_t groups : {1, 4, 300}) {
    for (const double share : {0.0, 0.4, 0.9, 1.0}) {
      MergeOp op = merging(Merge::sce, groups);
      op.density = share;
      expect_right(op, {"u", "v", "w"});
      expect_right(op, {"x"});
    }
  }
}

TEST_F(EvaluatorMergeTest, OtherMethods) {
  for (const std::int64_t groups : {1, 4, 300}) {
    MergeOp op = merging(Merge::ram, groups);
    op.epsilon = 0.05;
    expect_right(op, {"x", "y", "z"});
    op.r = 0.5;
    op.alpha = 1.5;
    expect_right(op, {"x", "y", "z"});
    op = merging(Merge::nearswap, groups);
    op.t = 0.03;
    expect_right(op, {"x", "y"});
    op = merging(Merge::fusion, groups);
    op.row = 20;
    expect_right(op, {"w", "x"});
    op.row = op.size;
    expect_right(op, {"w", "y"});
  }
}

double magnitudes_of(const Vector& values, std::int64_t begin, std::int64_t end) {
  double sum = 0;
  for (auto i = begin; i < end; ++i) sum += std::fabs(values[static_cast<std::size_t>(i)]);
  return sum;
}

TEST_F(EvaluatorMergeTest, CoinsKeepTheirShare) {
  for (const std::int64_t groups : {1, 3}) {
    for (const bool rescale : {false, true}) {
      MergeOp op = merging(Merge::coins, groups);
      op.density = 0.3;
      op.key = "name";
      op.rescale = rescale;
      const Vector whole = evaluate(op, {"w"}, 4, 100'000);
      const auto kept = count - std::count(whole.begin(), whole.end(), 0.0);
      EXPECT_NEAR(static_cast<double>(kept), 0.3 * count, 5 * std::sqrt(0.3 * 0.7 * count));
      for (std::int64_t run = 0; run < groups && rescale; ++run) {
        EXPECT_NEAR(magnitudes_of(whole, run * op.size, (run + 1) * op.size),
                    magnitudes_of(values_["w"], run * op.size, (run + 1) * op.size), 0.01);
      }
      for (std::size_t i = 0; i < whole.size() && !rescale; ++i) {
        EXPECT_TRUE(whole[i] == 0 || whole[i] == values_["w"][i]);
      }
      for (const std::int64_t tile : {3000, 129, 7})
        EXPECT_EQ(evaluate(op, {"w"}, 4, tile), whole) << tile;
      op.seed = 1;
      EXPECT_NE(evaluate(op, {"w"}, 4, 100'000), whole);
    }
  }
}

TEST_F(EvaluatorMergeTest, RankedCoinsFavourLargeMagnitudes) {
  for (const std::int64_t row : {1, 12, 600, 2000}) {
    MergeOp op = merging(Merge::ranked_coins, 3);
    op.row = row;
    op.density = 0.5;
    op.epsilon = 0.3;
    op.key = "name";
    for (const bool rescale : {false, true}) {
      op.rescale = rescale;
      for (const int width : {4, 8}) {
        const Vector whole = evaluate(op, {"w"}, width, 100'000);
        for (const std::int64_t tile : {3000, 129, 7})
          EXPECT_EQ(evaluate(op, {"w"}, width, tile), whole) << tile;
        const auto kept = count - std::count(whole.begin(), whole.end(), 0.0);
        EXPECT_NEAR(static_cast<double>(kept), 0.5 * count, 5 * std::sqrt(0.25 * count));
        // By the very coins: what a sort says of each row.
        std::vector<std::uint32_t> coins(static_cast<std::size_t>(count));
        draw_coins(op.seed, op.key, 0, count, coins.data());
        for (std::int64_t begin = 0; begin < count && !rescale; begin += row) {
          std::vector<std::pair<double, std::size_t>> order;
          for (std::int64_t i = begin; i < begin + row; ++i) {
            order.emplace_back(std::fabs(values_["w"][static_cast<std::size_t>(i)]),
                               static_cast<std::size_t>(i));
          }
          std::sort(order.begin(), order.end());
          for (std::size_t k = 0; k < order.size(); ++k) {
            const double step = row == 1 ? 0 : 2 * 0.3 / static_cast<double>(row - 1);
            const double least = row == 1 ? 0.5 : 0.5 - 0.3;
            const bool stays = static_cast<double>(coins[order[k].second]) <
                               (least + step * static_cast<double>(k)) * 4294967296.0;
            EXPECT_EQ(whole[order[k].second] != 0, stays);
          }
        }
      }
    }
  }
}

TEST(CoinsTest, AreTheSameInAnyPortion) {
  std::vector<std::uint32_t> whole(5000), parts(5000);
  draw_coins(7, "a", 13, 5000, whole.data());
  for (std::int64_t at = 0, n = 1; at < 5000; at += n, n = n * 3 % 701 + 1)
    draw_coins(7, "a", 13 + at, std::min<std::int64_t>(n, 5000 - at), parts.data() + at);
  EXPECT_EQ(parts, whole);
  EXPECT_GT(std::set<std::uint32_t>(whole.begin(), whole.end()).size(), 4990U);
  std::vector<std::uint32_t> other(5000);
  draw_coins(7, "b", 13, 5000, other.data());
  EXPECT_NE(other, whole);
  draw_coins(8, "a", 13, 5000, other.data());
  EXPECT_NE(other, whole);
}

}  // namespace
}  // namespace inarch
