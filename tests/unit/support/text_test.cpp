#include "compiler/support/text.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace inarch {
namespace {

TEST(EscapeForTerminal, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(escape_for_terminal("model.layers.0 é 日本 \\n"), "model.layers.0 é 日本 \\n");
}

TEST(EscapeForTerminal, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(escape_for_terminal("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(escape_for_terminal(std::string_view("a\0\n\t\x7f", 5)), "a\\x00\\x0a\\x09\\x7f");
  EXPECT_EQ(escape_for_terminal("\u202Ex\u2066\uFEFF"), "\\u{202e}x\\u{2066}\\u{feff}");
  EXPECT_EQ(escape_for_terminal("\u009B31m"), "\\u{009b}31m");
  EXPECT_EQ(escape_for_terminal("a\xFFz\xC3"), "a\\xffz\\xc3");
}

TEST(EscapeForTerminal, CutsByCharacters) {
  EXPECT_EQ(escape_for_terminal("ééééé", 3), "ééé…");
  EXPECT_EQ(escape_for_terminal("ééé", 3), "ééé");
}

TEST(IsUtf8, RefusesEveryMalformedForm) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("aé日\U0001F600"));
  EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3",
                          "\xE2\x82", "\xFF", "\xC3(", "a\xF0\x9F\x98"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(DecodeUtf8, GivesValueAndLength) {
  EXPECT_EQ(decode_utf8("xé", 1).value, 0xE9u);
  EXPECT_EQ(decode_utf8("xé", 1).length, 2u);
  EXPECT_EQ(decode_utf8("\U0001F600", 0).value, 0x1F600u);
  EXPECT_EQ(decode_utf8("xé", 2).length, 0u);
}

TEST(Nearest, FindsTheLikelyWord) {
  const std::vector<std::string> words = {"up_proj", "down_proj", "gate_proj"};
  EXPECT_EQ(nearest("up_porj", words), "up_proj");
  EXPECT_EQ(nearest("down_pro", words), "down_proj");
  EXPECT_EQ(nearest("lm_head", words), "");
  EXPECT_EQ(nearest("ab", {"ba"}), "ba");
  EXPECT_EQ(nearest("a", {"xyz"}), "");
  EXPECT_EQ(nearest("x", {}), "");
}

TEST(JoinNames, ReadsLikeASentence) {
  EXPECT_EQ(join_names({}), "");
  EXPECT_EQ(join_names({"a"}), "a");
  EXPECT_EQ(join_names({"a", "b"}), "a and b");
  EXPECT_EQ(join_names({"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(join_names({"a", "b", "c", "d"}, 2), "a, b and 2 more");
}

TEST(NaturalLess, ComparesDigitsByValue) {
  EXPECT_TRUE(natural_less("layers.2", "layers.10"));
  EXPECT_FALSE(natural_less("layers.10", "layers.2"));
  EXPECT_TRUE(natural_less("a", "ab"));
  EXPECT_FALSE(natural_less("a", "a"));
  EXPECT_TRUE(natural_less("a.9.b", "a.10"));
  EXPECT_TRUE(natural_less("1", "99999999999999999999999999"));
}

TEST(NaturalLess, IsAStrictOrderOfAllNames) {
  const std::vector<std::string> names = {"",  "0",  "00",  "1",  "01",  "1a",
                                          "a", "a1", "a01", "a2", "a10", "b"};
  for (const std::string& a : names) {
    for (const std::string& b : names) {
      EXPECT_EQ(natural_less(a, b) || natural_less(b, a), a != b) << a << " " << b;
      EXPECT_FALSE(natural_less(a, b) && natural_less(b, a)) << a << " " << b;
      for (const std::string& c : names) {
        if (natural_less(a, b) && natural_less(b, c)) {
          EXPECT_TRUE(natural_less(a, c)) << a << " " << b << " " << c;
        }
      }
    }
  }
}

}  // namespace
}  // namespace inarch
