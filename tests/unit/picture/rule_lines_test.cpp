#include "compiler/picture/rule_lines.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

constexpr std::string_view recipe = R"(inarch: 1
sources:
  a: { path: a }

tensors:
  # Half of it.
  - from: a:x
    to: x
    apply:
      - slice: { rows: 0 .. 2 }
      - scale: 2

  - from:
      - a:y
      - a:z
    to: yz
    combine: concat
  - { from: a:w, to: w }
output:
  dtype: bf16
)";

std::pair<int, int> lines(std::string_view text, int line) {
  const LineRange range = rule_lines(text, line);
  return {range.first, range.last};
}

TEST(RuleLines, AreTheWholeItemWithItsComment) {
  for (const int line : {7, 8, 9, 10, 11}) EXPECT_EQ(lines(recipe, line), std::pair(6, 11)) << line;
}

TEST(RuleLines, AreNotThoseOfAListInside) {
  for (const int line : {13, 14, 15, 17}) EXPECT_EQ(lines(recipe, line), std::pair(13, 17)) << line;
}

TEST(RuleLines, MayBeOne) { EXPECT_EQ(lines(recipe, 18), std::pair(18, 18)); }

TEST(RuleLines, AreTheLineItselfOutsideOfRules) {
  EXPECT_EQ(lines(recipe, 3), std::pair(3, 3));
  EXPECT_EQ(lines(recipe, 20), std::pair(20, 20));
  EXPECT_EQ(lines(recipe, 999), std::pair(999, 999));
  EXPECT_EQ(lines("", 1), std::pair(1, 1));
}

TEST(RuleLines, TakeDashesInTheColumnOfTheKey) {
  EXPECT_EQ(lines("tensors:\n- from: a:x\n  to: x\n- from: a:y\n  to: y\n", 3), std::pair(2, 3));
}

TEST(RuleLines, TakeDefinitionsAndOutputs) {
  EXPECT_EQ(lines("define:\n  mean:\n    from: a:x\n    apply: mean\n  b: a:y\n", 3),
            std::pair(2, 4));
  EXPECT_EQ(lines("outputs:\n  t:\n    tensors:\n      - from: a:x\n        to: x\n", 5),
            std::pair(4, 5));
}

}  // namespace
}  // namespace inarch
