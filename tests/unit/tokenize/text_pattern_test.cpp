#include "compiler/tokenize/text_pattern.h"

#include <gtest/gtest.h>

#include "compiler/tokenize/split_text.h"

namespace inarch {

namespace {

/// The matches, joined by '|'.
std::string matches(std::string_view pattern, std::string_view text) {
  const auto compiled = TextPattern::regex(pattern);
  if (!compiled) return compiled.error().code;
  const auto found = compiled->find_all(text);
  if (!found) return found.error().code;
  std::string joined;
  for (const TextRange& range : *found)
    joined.append(joined.empty() ? "" : "|").append(text.substr(range.begin, range.size()));
  return joined;
}

/// Pieces of "a--b" or another text, split at dashes.
std::string pieces(std::string_view text, SplitBehavior behavior, bool invert = false) {
  const auto dash = TextPattern::literal("-");
  const auto found = dash->find_all(text);
  std::string joined;
  for (const TextRange& range : split_pieces(text.size(), *found, behavior, invert))
    joined.append(joined.empty() ? "" : "|").append(text.substr(range.begin, range.size()));
  return joined;
}

}  // namespace

TEST(text_pattern, looks_ahead_and_knows_categories) {
  EXPECT_EQ(matches(R"( ?\p{L}+|\s+(?!\S)|\s+)", "é b   cé  "), "é| b|  | cé|  ");
  EXPECT_EQ(matches(R"((?i:'S))", "it's IT'S"), "'s|'S");
  EXPECT_EQ(matches(R"([^\s\d]+)", "a1\xE2\x80\x83 b"), "a|b");
}

TEST(text_pattern, classes_are_those_of_oniguruma) {
  EXPECT_EQ(matches(R"(\s+)", "a\xC2\x85\xE1\xA0\x8E"), "\xC2\x85");  // not U+180E
  EXPECT_EQ(matches(R"([\S]+)", " \xE1\xA0\x8E "), "\xE1\xA0\x8E");
  EXPECT_EQ(matches(R"(\w+)", "e\xCC\x81_½-"), "e\xCC\x81_½");
  EXPECT_EQ(matches(R"([\w]+)", "a½b"), "a|b");
  EXPECT_EQ(matches(R"(\h+)", "xbeefy"), "beef");
  EXPECT_EQ(matches("^b$", "a\nb\nc"), "b");
  EXPECT_EQ(matches(R"(\p{Han}+)", "漢、字"), "漢|字");
}

TEST(text_pattern, empty_matches_are_none) { EXPECT_EQ(matches("b*", "abéb"), "b|b"); }

TEST(text_pattern, what_means_something_else_is_refused) {
  for (const char* pattern :
       {R"(\G)", "[a&&b]", "[a[b]]", "(?m:a)", "(?<n>a)", "a{,2}", "a{2}+", "a(?i)b", R"([\W])",
        "(", "[a", "\\", R"(\p{Nonsense})", "(*FAIL)", "[[:punct:]]"})
    EXPECT_EQ(matches(pattern, "a"), "E592") << pattern;
}

TEST(text_pattern, takes_no_more_than_its_steps) {
  EXPECT_EQ(matches("(a|aa)+$", std::string(80, 'a') + "b"), "E592");
}

TEST(split_text, matches_go_where_the_behaviour_says) {
  EXPECT_EQ(pieces("a--b", SplitBehavior::removed), "a|b");
  EXPECT_EQ(pieces("a--b", SplitBehavior::isolated), "a|-|-|b");
  EXPECT_EQ(pieces("a--b", SplitBehavior::merged_with_previous), "a-|-|b");
  EXPECT_EQ(pieces("a--b", SplitBehavior::merged_with_next), "a|-|-b");
  EXPECT_EQ(pieces("a--b", SplitBehavior::contiguous), "a|--|b");
  EXPECT_EQ(pieces("--a", SplitBehavior::merged_with_previous), "-|-|a");
  EXPECT_EQ(pieces("a--b", SplitBehavior::removed, true), "-|-");
  EXPECT_EQ(pieces("", SplitBehavior::isolated), "");
}

}  // namespace inarch
