#include "tests/docs/page.h"

#include <gtest/gtest.h>

namespace inarch::docs {
namespace {

TEST(Page, FindsBlocksWithTheirInfoAndLine) {
  const auto blocks =
      blocks_of("text\n```yaml recipe fails=E203\na: 1\n\nb: 2\n```\n```\nx\n```\n");
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].line, 3);
  EXPECT_EQ(blocks[0].text, "a: 1\n\nb: 2\n");
  EXPECT_TRUE(blocks[0].says("recipe"));
  EXPECT_FALSE(blocks[0].says("fails"));
  EXPECT_EQ(blocks[0].option("fails", ""), "E203");
  EXPECT_EQ(blocks[1].option("fails", "none"), "none");
}

TEST(Page, FindsLinksToFilesOnly) {
  EXPECT_EQ(relative_links("[a](docs/a.md#top) [b](https://example.org/b) [c](#here) [d](../d)"),
            (std::vector<std::string>{"docs/a.md", "../d"}));
}

TEST(Page, CompletesRulesToARecipe) {
  const std::string recipe = whole_recipe("# a comment\n- from: a:x\n  to: y\n");
  EXPECT_EQ(recipe.rfind("inarch: 1\nname: example\nsources:\n", 0), 0u);
  EXPECT_NE(recipe.find("tensors:\n  # a comment\n  - from: a:x\n    to: y\n"), std::string::npos);
}

TEST(Page, KeepsWhatAnExampleHas) {
  const std::string whole = "inarch: 1\nname: n\nsources: {}\ntensors: []\n";
  EXPECT_EQ(whole_recipe(whole), whole);
  const std::string checks = whole_recipe("checks:\n  - tensors: 3\n");
  EXPECT_NE(checks.find("tensors:\n  - from:"), std::string::npos);
}

TEST(Page, SplitsAConsoleIntoCommandsAndOutput) {
  const auto exchanges = exchanges_of("$ echo a\na\n$ true\n");
  ASSERT_EQ(exchanges.size(), 2u);
  EXPECT_EQ(exchanges[0].command, "echo a");
  EXPECT_EQ(exchanges[0].output, "a\n");
  EXPECT_EQ(exchanges[1].output, "");
  EXPECT_EQ(console_of(exchanges), "$ echo a\na\n$ true\n");
}

TEST(Page, ReplacesTheTextOfABlock) {
  const std::string page = "a\n```x\none\n```\nb\n```y\ntwo\n```\n";
  EXPECT_EQ(with_block(page, blocks_of(page)[1], "three\nfour\n"),
            "a\n```x\none\n```\nb\n```y\nthree\nfour\n```\n");
}

}  // namespace
}  // namespace inarch::docs
