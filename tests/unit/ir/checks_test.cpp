#include <gtest/gtest.h>

#include "tests/unit/ir/build_test_support.h"

namespace inarch {
namespace {

Built checked(const std::string& checks) {
  World world;
  world.add("m", {"layers.0.w", "layers.1.w", "layers.2.w"});
  return build_rules(world, "tensors: [ { from: 'm:{n...}', to: '{n}' } ]\nchecks:\n" + checks);
}

TEST(Checks, CountTensorsAndParameters) {
  EXPECT_EQ(checked("  - tensors: 3\n  - parameters: 3 * 8\n").attempt.codes(), "");
  EXPECT_EQ(checked("  - tensors: 4\n").attempt.codes(), "E821");
  EXPECT_EQ(checked("  - parameters: 25\n").attempt.codes(), "E821");
  EXPECT_EQ(checked("  - { parameters: 25, where: 1 == 2 }\n").attempt.codes(), "");
}

TEST(Checks, OfExistenceHoldForEveryValueOfFor) {
  EXPECT_EQ(checked("  - { exists: 'out:layers.{i}.w', for: { i: 0 .. 3 } }\n").attempt.codes(),
            "");
  EXPECT_EQ(checked("  - { exists: 'out:layers.{i}.w', for: { i: 0 .. 4 } }\n").attempt.codes(),
            "E822");
  EXPECT_EQ(checked("  - { absent: 'out:layers.{i}.w', for: { i: 3 .. 5 } }\n").attempt.codes(),
            "");
  EXPECT_EQ(checked("  - { absent: 'out:layers.{i}.w', for: { i: 2 .. 5 } }\n").attempt.codes(),
            "E822");
  EXPECT_EQ(checked("  - { exists: 'out:layers.{i}.w', for: { i: 0 .. 9 }, where: i < 3 }\n")
                .attempt.codes(),
            "");
}

TEST(Checks, OfExistenceWithCapturesHoldWhenAnyNameFits) {
  EXPECT_EQ(checked("  - exists: 'out:layers.{i}.w'\n").attempt.codes(), "");
  EXPECT_EQ(checked("  - absent: 'out:layers.{i}.b'\n").attempt.codes(), "");
  EXPECT_EQ(checked("  - exists: 'out:layers.{i}.b'\n").attempt.codes(), "E822");
}

TEST(Checks, OfShapesSeeEveryTensor) {
  EXPECT_EQ(checked("  - shape: { of: 'out:layers.{i}.w', is: [4, 2] }\n").attempt.codes(), "");
  EXPECT_EQ(checked("  - shape: { of: 'out:layers.{i}.w', is: [4, 3] }\n").attempt.codes(), "E822");
}

TEST(Checks, AssertionsAreTrueOrFalse) {
  EXPECT_EQ(checked("  - assert: 1 < 2\n").attempt.codes(), "");
  EXPECT_EQ(checked("  - assert: 2 < 1\n").attempt.codes(), "E823");
  EXPECT_EQ(checked("  - assert: 1\n").attempt.codes(), "E823");
}

TEST(Checks, OfValuesBecomeOneForEachTensor) {
  const Built built = checked("  - finite: 'out:layers.{i}.w'\n");
  ASSERT_TRUE(built.graph) << built.attempt.said();
  EXPECT_EQ(built.graph->checks.size(), 3u);
}

/// A probe is one tensor, whichever side names it first and whatever else is random there.
TEST(Checks, ProbesAreTheSameOnBothSides) {
  const Built built = checked(
      "  - with: { u: 'normal(shape=[4])', v: 'normal(shape=[4])' }\n"
      "    equal: { left: 'linear(u, v, weights=[1, 2])', right: 'linear(v, u, weights=[2, 1])' "
      "}\n");
  ASSERT_TRUE(built.graph) << built.attempt.said();
  ASSERT_EQ(built.graph->checks.size(), 1u);
  const auto values = evaluate_nodes(*built.graph, made_up_sources(*built.attempt.bound));
  EXPECT_EQ(values[built.graph->checks[0].left], values[built.graph->checks[0].right]);
}

TEST(Checks, ProbesOfOneSeedDiffer) {
  const Built built = checked(
      "  - with: { u: 'normal(shape=[4])', v: 'normal(shape=[4])' }\n"
      "    equal: { left: u, right: v }\n");
  ASSERT_TRUE(built.graph) << built.attempt.said();
  const auto values = evaluate_nodes(*built.graph, made_up_sources(*built.attempt.bound));
  EXPECT_NE(values[built.graph->checks[0].left], values[built.graph->checks[0].right]);
}

}  // namespace
}  // namespace inarch
