#include "compiler/vocabulary/row_plan.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

using Kind = RowOrigin::Kind;

/// Three sources; token 3 is in the last two, token 4 in the last alone, id 2 is a hole.
VocabularyLayout layout() {
  VocabularyLayout l;
  l.tokens = {0, 1, 3, 4};
  l.texts = {"a", "b", "c", "d"};
  l.rows = 6;
  l.ids = {{0, 1, -1, -1}, {5, -1, 6, -1}, {2, 3, 1, 0}};
  return l;
}

std::vector<RowOrigin> plan(const VocabularyLayout& l, std::size_t of,
                            std::vector<std::int64_t> sizes = {2, 7, 4}) {
  std::vector<RowlessToken> rowless;
  auto rows = plan_rows(l, of, sizes, rowless);
  EXPECT_TRUE(rowless.empty());
  return rows;
}

void expect_copy(const RowOrigin& origin, std::size_t source, std::int64_t row) {
  EXPECT_EQ(origin.kind, Kind::copy);
  EXPECT_EQ(origin.source, source);
  EXPECT_EQ(origin.row, row);
}

TEST(PlanRows, OwnThenBaseThenOnlyOwnerThenAverage) {
  const auto rows = plan(layout(), 1);
  ASSERT_EQ(rows.size(), 6U);
  expect_copy(rows[0], 1, 5);
  expect_copy(rows[1], 0, 1);
  EXPECT_EQ(rows[2].kind, Kind::mean);
  expect_copy(rows[3], 1, 6);
  expect_copy(rows[4], 2, 0);
  EXPECT_EQ(rows[5].kind, Kind::mean);
  const auto of_base = plan(layout(), 0);
  EXPECT_EQ(of_base[3].kind, Kind::average);
  EXPECT_EQ(of_base[3].owners, (std::vector<std::pair<std::size_t, std::int64_t>>{{1, 6}, {2, 1}}));
}

TEST(PlanRows, WithoutABaseAllOwnersCount) {
  VocabularyLayout l = layout();
  l.base = -1;
  EXPECT_EQ(plan(l, 1)[1].kind, Kind::average);
}

TEST(PlanRows, InstructionsStandAboveTheBase) {
  VocabularyLayout l = layout();
  l.instructions = {{0, {RowInstruction::Kind::zero, 0, 0, false}},
                    {1, {RowInstruction::Kind::row, 2, 3, false}},
                    {2, {RowInstruction::Kind::mean, 0, 0, true}}};
  const auto rows = plan(l, 1);
  expect_copy(rows[0], 1, 5);
  expect_copy(rows[1], 2, 3);
  EXPECT_EQ(rows[3].kind, Kind::mean);
}

TEST(PlanRows, IdsBeyondTheRowsCountAsLacking) {
  std::vector<RowlessToken> rowless;
  const auto rows = plan_rows(layout(), 1, {2, 5, 1}, rowless);
  expect_copy(rows[0], 0, 0);
  ASSERT_EQ(rowless.size(), 1U);
  EXPECT_EQ(rowless[0].token, 2U);
  EXPECT_FALSE(rowless[0].instructed);
  VocabularyLayout l = layout();
  l.instructions = {{0, {RowInstruction::Kind::row, 0, 9, true}}};
  rowless.clear();
  plan_rows(l, 1, {2, 7, 4}, rowless);
  ASSERT_EQ(rowless.size(), 1U);
  EXPECT_TRUE(rowless[0].instructed);
}

}  // namespace
}  // namespace inarch
