#include "tests/golden/case.h"

#include <gtest/gtest.h>

namespace inarch::golden {
namespace {

const char* const sample =
    "A duplicate key.\n--- file r.yaml\na: 1\n--- not a section\n---\n--- setup\ntrue\n--- "
    "run\ninarch check "
    "r.yaml\n--- exit 1\n--- stdout\nx\n--- stderr\ny\nz\n--- output out/p.json\n{}\n";

TEST(GoldenCase, ReadsItsSections) {
  std::string fault;
  const auto c = parse_case(sample, fault);
  ASSERT_TRUE(c) << fault;
  EXPECT_EQ(c->description, "A duplicate key.\n");
  ASSERT_EQ(c->files.size(), 1u);
  EXPECT_EQ(c->files[0].first, "r.yaml");
  EXPECT_EQ(c->files[0].second, "a: 1\n--- not a section\n---\n");
  EXPECT_EQ(c->setup, "true\n");
  EXPECT_EQ(c->run, "inarch check r.yaml\n");
  EXPECT_EQ(c->exit_code, 1);
  EXPECT_EQ(c->out, "x\n");
  EXPECT_EQ(c->err, "y\nz\n");
  ASSERT_EQ(c->outputs.size(), 1u);
  EXPECT_EQ(c->outputs[0].second, "{}\n");
  EXPECT_EQ(write_case(*c), sample);
}

TEST(GoldenCase, NeedsADescriptionAndACommand) {
  std::string fault;
  EXPECT_FALSE(parse_case("--- run\ntrue\n", fault));
  EXPECT_EQ(fault, "has no description");
  EXPECT_FALSE(parse_case("x\n--- stdout\n", fault));
  EXPECT_EQ(fault, "has no '--- run' section");
}

TEST(GoldenMatch, WildcardsStandForTextAndLines) {
  EXPECT_TRUE(matches("took [..] s\n", "took 1.25 s\n"));
  EXPECT_TRUE(matches("[..]a[..]b\n", "xxaxxb\n"));
  EXPECT_TRUE(matches("a\n[...]\nz\n", "a\nb\nc\nz\n"));
  EXPECT_TRUE(matches("a\n[...]\nz\n", "a\nz\n"));
  EXPECT_FALSE(matches("took [..] s\n", "took 1.25 ms!\n"));
  EXPECT_FALSE(matches("aa[..]aa\n", "aaa\n"));
  EXPECT_FALSE(matches("a\n[...]\nz\n", "a\nb\n"));
  EXPECT_FALSE(matches("", "a\n"));
  EXPECT_FALSE(matches("a\n", ""));
}

TEST(GoldenDifference, MarksWhatDiffers) {
  EXPECT_EQ(difference("a\nb\nc\n", "a\nb\nc\n"), "");
  EXPECT_EQ(difference("a\nb\nc\n", "a\nx\nc\nd\n"), " a\n-b\n+x\n c\n+d\n");
  EXPECT_EQ(difference("a [..]\n[...]\nc\n", "a 1\nb\nd\n"), " a 1\n b\n d\n-c\n");
}

}  // namespace
}  // namespace inarch::golden
