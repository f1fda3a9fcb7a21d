#include <gtest/gtest.h>

#include "tests/unit/ir/build_test_support.h"

namespace inarch {
namespace {

World one_tensor() { return World().add("m", "x", DType::bf16, {4, 2}); }

/// What `out:` reads is what was written, and not what was computed on the way there.
TEST(Outputs, AreReadBackAsTheyAreStored) {
  for (const char* first :
       {"m:x | rescale(1.0009765625)", "m:x | rescale(1.0009765625) | tile(rows=1)",
        "m:x | rescale(1.0009765625) | reverse(rows)", "m:x | pad(rows=6, fill=0.1)",
        "concat(m:x, m:x | rescale(1.0009765625))"}) {
    const Built built =
        build_rules(one_tensor(), fmt::format("tensors:\n"
                                              "  - {{ from: '{}', to: a }}\n"
                                              "  - {{ from: out:a, to: b, dtype: f32 }}\n",
                                              first));
    ASSERT_TRUE(built.graph) << built.attempt.said();
    EXPECT_EQ(built.values("a"), built.values("b")) << first;
  }
}

TEST(Outputs, RandomOnesAreReadBackRounded) {
  const Built built = build_rules(one_tensor(),
                                  "tensors:\n"
                                  "  - { to: a, init: { normal: { shape: [3], std: 0.1 } } }\n"
                                  "  - { from: out:a, to: b, dtype: f64 }\n");
  ASSERT_TRUE(built.graph) << built.attempt.said();
  EXPECT_EQ(built.values("a"), built.values("b"));
}

TEST(Outputs, ThatAreOnlyMovedNeedNoRounding) {
  const Built built = build_rules(one_tensor(),
                                  "tensors:\n"
                                  "  - { from: 'm:x | reverse(rows) | pad(rows=6)', to: a }\n"
                                  "  - { from: out:a, to: b }\n");
  ASSERT_TRUE(built.graph) << built.attempt.said();
  EXPECT_EQ(built.output("a").node, built.output("b").node);
}

TEST(Outputs, MayNotDefineOneAnother) {
  const Built built = build_rules(one_tensor(),
                                  "tensors:\n"
                                  "  - { from: out:b, to: a }\n"
                                  "  - { from: out:c, to: b }\n"
                                  "  - { from: out:a, to: c }\n"
                                  "  - { from: 'm:x', to: d }\n");
  EXPECT_EQ(built.attempt.codes(), "E212");
}

TEST(Outputs, ComeOutAlikeInAnyOrderOfRules) {
  const std::string rules[] = {
      "  - { from: 'm:x | rescale(2)', to: a }\n", "  - { from: 'out:a | add(1)', to: b }\n",
      "  - { from: [ out:a, out:b ], to: c, combine: { linear: [1, 2] } }\n"};
  std::size_t order[] = {0, 1, 2};
  const Values expected =
      build_rules(one_tensor(), "tensors:\n" + rules[0] + rules[1] + rules[2]).values("c");
  do {
    const Built built = build_rules(
        one_tensor(), "tensors:\n" + rules[order[0]] + rules[order[1]] + rules[order[2]]);
    ASSERT_TRUE(built.graph) << built.attempt.said();
    EXPECT_EQ(built.values("c"), expected);
  } while (std::next_permutation(std::begin(order), std::end(order)));
}

TEST(Outputs, DefinedTwiceAreRefused) {
  EXPECT_EQ(
      build_rules(one_tensor(), "tensors: [ { from: 'm:x', to: a }, { from: 'm:x', to: a } ]\n")
          .attempt.codes(),
      "E211");
  EXPECT_EQ(build_rules(one_tensor().add("m", "y", DType::bf16, {1}),
                        "tensors: [ { from: 'm:{n}', to: a } ]\n")
                .attempt.codes(),
            "E211");
}

TEST(Outputs, ThatAreNotThereAreNamed) {
  const Built built = build_rules(
      one_tensor(), "tensors: [ { from: 'm:x', to: a.w }, { from: out:a.v, to: b } ]\n");
  EXPECT_EQ(built.attempt.codes(), "E213");
  EXPECT_NE(built.attempt.help().find("a.w"), std::string::npos);
}

}  // namespace
}  // namespace inarch
