#include "compiler/support/render_human.h"

#include <utility>

#include <gtest/gtest.h>

namespace inarch {
namespace {

class RenderHuman : public testing::Test {
 protected:
  FileId add(std::string text, std::string path = "r.yaml") {
    return sources_.add(std::move(path), std::move(text));
  }
  std::string render(const Diagnostic& d, std::size_t width = 100) {
    return render_human(d, sources_, {false, width});
  }
  SourceMap sources_;
};

TEST_F(RenderHuman, ShowsLinesInOrderWithDotsBetween) {
  const FileId file = add("a: { hub: x }\n\n\n\n\n\n\n\n\nb: text:up\n");
  EXPECT_EQ(render(error("E203", "source 'a' has no tensor 'up'")
                       .at({file, 25, 32}, "matches nothing")
                       .also({file, 0, 1}, "has layers 0 to 25")
                       .hint("did you mean 'up_proj'?")),
            R"(error[E203]: source 'a' has no tensor 'up'
  --> r.yaml:10:4
   |
 1 | a: { hub: x }
   | - has layers 0 to 25
...
10 | b: text:up
   |    ^^^^^^^ matches nothing
   |
   = help: did you mean 'up_proj'?
)");
}

TEST_F(RenderHuman, ShowsASingleSkippedLine) {
  const FileId file = add("a: 1\nb: 2\na: 3\n");
  EXPECT_EQ(render(error("E108", "twice").at({file, 10, 11}, "again").also({file, 0, 1}, "first")),
            R"(error[E108]: twice
 --> r.yaml:3:1
  |
1 | a: 1
  | - first
2 | b: 2
3 | a: 3
  | ^ again
)");
}

TEST_F(RenderHuman, HangsTheTextsOfSeveralMarksOnOneLine) {
  const FileId file = add("{a: 1, b: 2}");
  EXPECT_EQ(render(warning("W101", "m")
                       .at({file, 1, 5}, "left")
                       .also({file, 7, 8}, "right")
                       .also({file, 10, 11}, "value")),
            R"(warning[W101]: m
 --> r.yaml:1:2
  |
1 | {a: 1, b: 2}
  |  ^^^^  -  - value
  |  |     |
  |  |     right
  |  left
)");
}

TEST_F(RenderHuman, APrimaryMarkLiesAboveOthers) {
  const FileId file = add("abcdef");
  EXPECT_EQ(render(error("E101", "m").at({file, 2, 4}, "in").also({file, 0, 6}, "out")),
            R"(error[E101]: m
 --> r.yaml:1:3
  |
1 | abcdef
  | --^^--
  | | |
  | | in
  | out
)");
}

TEST_F(RenderHuman, AlignsByColumnsOfTheTerminal) {
  const FileId file = add("\t日本é: \u0301x!\n");
  // tab 1, 日本 6, é 2, ": " 2, combining 2, x
  EXPECT_EQ(
      render(error("E101", "m").at({file, 13, 14}, "here")),
      "error[E101]: m\n --> r.yaml:1:8\n  |\n1 |     日本é: \u0301x!\n  |            ^ here\n");
}

TEST_F(RenderHuman, EscapesWhatATerminalWouldObey) {
  const FileId file = add("a: \x1b[2Jb\n", "evil\x1b.yaml");
  EXPECT_EQ(
      render(error("E103", "found \x1b[0m").at({file, 7, 8}, "\x07").note("\u202Ex")),
      "error[E103]: found \\x1b[0m\n --> evil\\x1b.yaml:1:8\n  |\n1 | a: \\x1b[2Jb\n  |         "
      "  ^ \\x07\n  |\n  = note: \\u{202e}x\n");
}

TEST_F(RenderHuman, CutsLongLinesAroundThePrimaryMark) {
  const FileId file = add(std::string(300, 'x') + "TARGET" + std::string(300, 'y'));
  EXPECT_EQ(
      render(error("E101", "m").at({file, 300, 306}, "here").also({file, 5, 9}, "far left"), 44),
      R"(error[E101]: m
 --> r.yaml:1:301
  |
1 | …xxxxxxxxxxxxTARGETyyyyyyyyyyyyyyyyyyyy…
  |  -           ^^^^^^ here
  |  |
  |  far left
)");
}

TEST_F(RenderHuman, ALineOfMegabytesCostsLittle) {
  const FileId file = add(std::string(8'000'000, 'x'));
  EXPECT_LT(render(error("E101", "m").at({file, 4'000'000, 8'000'000}, "here")).size(), 400u);
}

TEST_F(RenderHuman, ShowsSpansOfSeveralLinesAtTheirFirst) {
  const FileId file = add("a: |\n  one\n  two\n");
  EXPECT_EQ(render(error("E101", "m").at({file, 3, 16}, "this")),
            "error[E101]: m\n --> r.yaml:1:4\n  |\n1 | a: |\n  |    ^ this\n");
}

TEST_F(RenderHuman, MarksAnEmptySpanAndTheEndOfTheText) {
  const FileId file = add("a:\n");
  EXPECT_EQ(render(error("E101", "m").at({file, 2, 2})),
            "error[E101]: m\n --> r.yaml:1:3\n  |\n1 | a:\n  |   ^\n");
  EXPECT_EQ(render(error("E101", "m").at({file, 3, 3}, "end")),
            "error[E101]: m\n --> r.yaml:2:1\n  |\n2 |\n  | ^ end\n");
}

TEST_F(RenderHuman, NamesTheSubjectWhereThereIsNoText) {
  EXPECT_EQ(render(error("E401", "bad header").in("model.safetensors").hint("download it again")),
            "error[E401]: bad header\n --> model.safetensors\n  |\n  = help: download it again\n");
  EXPECT_EQ(render(error("E901", "bug").note("one\ntwo")),
            "error[E901]: bug\n  = note: one\n          two\n");
}

TEST_F(RenderHuman, ShowsOtherFilesBelow) {
  const FileId recipe = add("a: 1\n");
  const FileId other = add("b: 2\n", "arch.yaml");
  EXPECT_EQ(render(error("E501", "m").at({recipe, 0, 1}, "x").also({other, 3, 4}, "y").in("t.0")),
            R"(error[E501]: m
 --> r.yaml:1:1
  |
1 | a: 1
  | ^ x
 ::: arch.yaml:1:4
  |
1 | b: 2
  |    - y
  |
  = in: t.0
)");
}

TEST_F(RenderHuman, ColoursOnlyWhenAsked) {
  const FileId file = add("a: 1\n");
  const Diagnostic d = error("E101", "m").at({file, 0, 1}, "x").hint("h");
  EXPECT_EQ(render(d).find('\x1b'), std::string::npos);
  const std::string colored = render_human(d, sources_, {true, 100});
  EXPECT_NE(colored.find("\x1b[1;31merror[E101]\x1b[0m"), std::string::npos);
  EXPECT_NE(colored.find("\x1b[1;31m^\x1b[0m"), std::string::npos);
}

TEST_F(RenderHuman, SumsUp) {
  Diagnostics all;
  EXPECT_EQ(summary(all), "");
  all.add(warning("W101", "w"));
  EXPECT_EQ(summary(all), "1 warning; inarch explain W101 tells more");
  all.add(error("E203", "e"));
  EXPECT_EQ(summary(all), "1 error, 1 warning; inarch explain E203 tells more");
  all.add(error("E204", "e"));
  EXPECT_EQ(summary(all), "2 errors, 1 warning; inarch explain E203 tells more");
  EXPECT_EQ(
      render_human(all, sources_, {}),
      "warning[W101]: w\n\nerror[E203]: e\n\nerror[E204]: e\n\n2 errors, 1 warning; inarch explain "
      "E203 tells more\n");
}

}  // namespace
}  // namespace inarch
