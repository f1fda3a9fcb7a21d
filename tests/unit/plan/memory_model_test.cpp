#include "compiler/plan/memory_model.h"

#include <gtest/gtest.h>

#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

Op read(DType dtype, std::int64_t count) { return op(ReadOp{false, 0, 0, 0, dtype}, {}, count); }

TEST(MemoryModel, DoesNotGrowWithTheTensor) {
  const auto scale = [](std::int64_t count) {
    return Program{read(DType::bf16, count), op(LinearOp{{0.5}, 0}, {0}, count)};
  };
  const std::int64_t large = scratch_bytes(scale(std::int64_t{1} << 24), DType::bf16);
  EXPECT_EQ(large, scratch_bytes(scale(std::int64_t{1} << 40), DType::bf16));
  EXPECT_LT(large, 4 * 1024 * 1024);
  EXPECT_LT(scratch_bytes(scale(10), DType::bf16), 1024);
}

TEST(MemoryModel, CountsMaterialisedOperands) {
  const Program product = {read(DType::bf16, 1000 * 64), read(DType::bf16, 64 * 500),
                           op(MatmulOp{1000, 64, 500}, {0, 1}, 500'000)};
  EXPECT_EQ(resident_bytes(product, DType::bf16), 64 * 500 * 4);
  EXPECT_EQ(resident_bytes(product, DType::f64), 64 * 500 * 8);
}

TEST(MemoryModel, SumsDoNotWrapRound) {
  const std::int64_t huge = std::int64_t{1} << 50;
  Program program = {read(DType::f64, huge)};
  for (std::uint32_t i = 0; i < 3000; ++i) {
    program.push_back(op(ReduceOp{Reduction::mean, huge, 1, 1}, {i}, huge));
  }
  EXPECT_GT(resident_bytes(program, DType::f64), std::int64_t{1} << 62);
}

TEST(MemoryModel, PeakIsBetweenLeastAndBudget) {
  PlanMaker maker;
  maker.plan.sources.push_back({"s", "s", {{"f", "f", std::int64_t{1} << 40, 1, 1, "d"}}});
  for (int i = 0; i < 8; ++i) {
    maker.compute(fmt::format("t{}", i), DType::f32, {1 << 24},
                  {read(DType::f32, 1 << 24), op(LinearOp{{2}, 0}, {0}, 1 << 24)});
  }
  const Plan plan = maker.finish();
  const std::int64_t least = least_memory(plan);
  EXPECT_GT(least, process_base_bytes);
  EXPECT_EQ(planned_peak(plan, 1, std::int64_t{1} << 40), least);
  const std::int64_t with_four = planned_peak(plan, 4, std::int64_t{1} << 40);
  EXPECT_EQ(with_four - least, 3 * plan.steps[0].scratch_bytes);
  EXPECT_EQ(planned_peak(plan, 4, least + 10), least + 10);
  EXPECT_EQ(planned_peak(plan, 4, 1), least);  // such a run is refused
}

TEST(MemoryModel, KnowsTransposition) {
  const auto with = [](std::vector<ViewDim> dims) {
    return transposes({read(DType::f32, 1 << 20), op(ViewOp{0, std::move(dims)}, {0}, 1)});
  };
  EXPECT_TRUE(with({{100, 1}, {200, 100}}));
  EXPECT_TRUE(with({{100, 1}, {200, -100}, {1, 7}}));
  EXPECT_FALSE(with({{100, 200}, {200, 1}}));
  EXPECT_FALSE(with({{3, 0}, {100, 200}, {200, 1}}));
  EXPECT_FALSE(with({{8, 512}, {2, 64}, {4, 128}, {64, 1}}));  // blocks change places, rows do not
}

TEST(MemoryModel, UsesF64OnlyWhereItIsAskedFor) {
  EXPECT_FALSE(needs_f64({read(DType::f32, 1)}, DType::bf16));
  EXPECT_TRUE(needs_f64({read(DType::f64, 1)}, DType::bf16));
  EXPECT_TRUE(needs_f64({read(DType::f32, 1)}, DType::f64));
}

}  // namespace
}  // namespace inarch
