#include <gtest/gtest.h>

#include "tests/unit/ir/build_test_support.h"

namespace inarch {
namespace {

World mixed() {
  World world;
  world.add("m", "half", DType::bf16, {6, 4}).add("m", "wide", DType::bf16, {2, 12});
  world.add("m", "whole", DType::i64, {6, 4}).add("m", "flags", DType::boolean, {6, 4});
  return world;
}

Built joined(const std::string& expression) {
  return build_rules(mixed(), "tensors: [ { from: '" + expression + "', to: o } ]\n");
}

TEST(Joins, RefuseIntegersBesideFloats) {
  for (const char* join :
       {"concat(m:half, m:whole)", "stack(m:whole, m:half)", "interleave(m:half, m:whole)",
        "concat(m:whole, normal(shape=[6, 4]))", "stack(identity(shape=[6, 4]), m:whole)"}) {
    EXPECT_EQ(joined(join).attempt.codes(), "E306") << join;
  }
}

TEST(Joins, LetIntegersStandBesideFillsThatTheyCanHold) {
  const Built built = joined("concat(zeros(shape=[1, 4]), m:whole)");
  ASSERT_TRUE(built.graph) << built.attempt.said();
  EXPECT_EQ(built.output("o").dtype, DType::i64);
  EXPECT_EQ(joined("concat(m:whole, constant(0.5, shape=[1, 4]))").attempt.codes(), "E306");
  EXPECT_EQ(joined("stack(m:flags, constant(2, shape=[6, 4]))").attempt.codes(), "E306");
}

Built whole(const std::string& expression) {
  return build_rules(mixed(), "tensors: [ { from: '" + expression + "', to: o, dtype: i64 } ]\n");
}

TEST(Fills, MayBeWholeNumbersHoweverTheyWereMoved) {
  for (const char* fills :
       {"zeros(shape=[2, 3])", "constant(7, shape=[2]) | tile(rows=3) | reshape([3, 2])",
        "concat(constant(1, shape=[2, 1]), constant(2, shape=[2, 3]), axis=columns)",
        "stack(ones(shape=[2]), zeros(shape=[2])) | gather(rows=[1, 0, 1])"}) {
    const Built built = whole(fills);
    ASSERT_TRUE(built.graph) << built.attempt.said();
    EXPECT_EQ(built.output("o").dtype, DType::i64) << fills;
    EXPECT_EQ(find_fault(*built.graph), "") << fills;
  }
}

TEST(Fills, AreNoWholeNumbersOnceTheyAreComputedWith) {
  for (const char* values :
       {"constant(0.5, shape=[2])", "concat(zeros(shape=[2]), constant(1.5, shape=[2]))",
        "normal(shape=[2])", "identity(shape=[2, 2])", "zeros(shape=[2]) | add(1)",
        "concat(zeros(shape=[2]), uniform(shape=[2]))", "m:half", "zeros(shape=[2]) | cast(f32)"}) {
    EXPECT_EQ(whole(values).attempt.codes(), "E306") << values;
  }
}

TEST(Joins, TakeTheDtypeOfTheFirstOperandThatHasOne) {
  EXPECT_EQ(joined("concat(zeros(shape=[1, 4]), m:half)").output("o").dtype, DType::bf16);
  EXPECT_EQ(joined("stack(ones(shape=[6, 4]), m:half)").output("o").dtype, DType::bf16);
  EXPECT_EQ(joined("linear(ones(shape=[6, 4]), m:half, weights=[1, 1])").output("o").dtype,
            DType::bf16);
  EXPECT_EQ(joined("matmul(identity(shape=[2, 6]), m:half)").output("o").dtype, DType::bf16);
}

TEST(Joins, CompareShapesAndNotTheAxesInThem) {
  // [6, 4] and [2, 12] have the same axes 2, 3, 4 when they are viewed so, and differ all the same.
  for (const char* join :
       {"linear(m:half | view(\"(a b) c\", b=3), m:wide | view(\"a (b c)\", c=4), weights=[1, 1])",
        "stack(m:half | view(\"(a b) c\", b=3), m:wide | view(\"a (b c)\", c=4))"}) {
    EXPECT_EQ(joined(join).attempt.codes(), "E305") << join;
  }
  const Built built = joined("linear(m:half | view(\"(a b) c\", b=3), m:half, weights=[1, 1])");
  EXPECT_TRUE(built.graph) << built.attempt.said();
}

TEST(Fills, MustFitElementsThatNothingIsRoundedTo) {
  EXPECT_EQ(joined("m:whole | pad(rows=8, fill=0.5)").attempt.codes(), "E306");
  EXPECT_EQ(joined("m:flags | mask(rows=[0], fill=2)").attempt.codes(), "E306");
  EXPECT_EQ(joined("m:flags | mask(rows=[0], fill=1)").attempt.codes(), "");
  EXPECT_EQ(joined("m:whole | pad(rows=8, fill=-3)").attempt.codes(), "");
  EXPECT_EQ(joined("m:half | pad(rows=8, fill=0.5)").attempt.codes(), "");
}

TEST(Resize, SeesWhatAnEarlierEntryDidToTheSameAxis) {
  const Built twice = build_rules(mixed(),
                                  "tensors:\n"
                                  "  - { from: 'm:half', to: o, apply: [ { fit: { rows: 8, "
                                  "\"0\": 10 } } ] }\n");
  ASSERT_TRUE(twice.graph) << twice.attempt.said();
  EXPECT_EQ(twice.output("o").shape, (Shape{10, 4}));
  EXPECT_EQ(find_fault(*twice.graph), "");
}

}  // namespace
}  // namespace inarch
