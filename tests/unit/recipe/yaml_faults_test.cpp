#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/recipe/yaml_tree.h"

namespace inarch {
namespace {

/// Reads a faulty text and keeps what was found, as "E108@3:1" and the text of the primary span.
struct YamlFault {
  SourceMap sources;
  FileId file = 0;
  Diagnostics diagnostics;
  std::optional<YamlNode> root;

  explicit YamlFault(std::string text) {
    file = sources.add("recipe.yaml", std::move(text));
    root = read_yaml(sources, file, diagnostics);
  }
  std::string places() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.list()) {
      const Location at =
          !d.primary.span.known() ? Location{} : sources.locate(file, d.primary.span.begin);
      out += (out.empty() ? "" : " ") + d.code + "@" + std::to_string(at.line) + ":" +
             std::to_string(at.column);
    }
    return out;
  }
  const Diagnostic& first() const { return diagnostics.list().at(0); }
  std::string text() const { return std::string(sources.text(first().primary.span)); }
};

void expect_fault(const std::string& text, const std::string& places) {
  const YamlFault fault(text);
  EXPECT_EQ(fault.places(), places) << text.substr(0, 200);
  EXPECT_FALSE(fault.root);
  for (const Diagnostic& d : fault.diagnostics.list()) {
    EXPECT_FALSE(d.message.empty());
    EXPECT_NE(d.message.back(), '.') << d.message;
    EXPECT_FALSE(d.help.empty()) << d.code;
    EXPECT_TRUE(d.primary.span.known()) << d.code;
    EXPECT_LE(d.primary.span.end, text.size()) << d.code;
  }
}

TEST(YamlFaults, SyntaxErrorsPointAtTheirPlace) {
  expect_fault("a: b: c\n", "E101@1:5");
  expect_fault("a: @x\n", "E101@1:4");
  expect_fault("a:\n  b: 1\n c: 2\n", "E101@3:2");
  expect_fault("a:\n  - 1\n b: 2\n", "E101@3:2");
  expect_fault("a: - 1\n", "E101@1:4");
  expect_fault("a: 1]\nb: ]\n", "E101@2:4");
  expect_fault("a: \"x\\q\"\n", "E101@1:6");
  expect_fault("a: \"\\ud83d\"\n", "E101@1:5");
  expect_fault("a: | x\n  y\n", "E101@1:6");
  expect_fault("a: \"x\n---\nb\"\n", "E101@2:1");
  expect_fault("- a\nb: c\n", "E101@2:1");
  expect_fault("a: 'it's'\n", "E101@1:8");
  expect_fault("- [1] b\n", "E101@1:7");
}

TEST(YamlFaults, AnUnclosedBracketIsShownWhereItOpens) {
  expect_fault("a: {b: [1,\n", "E101@1:8");
  EXPECT_EQ(YamlFault("a: {b: [1,\n").first().primary.text, "never closed");
}

TEST(YamlFaults, Fault07InvalidUtf8) {
  expect_fault("a: 1\nb: x\xFFy\n", "E102@2:5");
  expect_fault("a: \xED\xA0\x80\n", "E102@1:4");
  expect_fault(
      "\xFF\xFE"
      "a",
      "E102@1:1");
}

TEST(YamlFaults, Fault07ControlCharacters) {
  expect_fault(std::string("a: x\0y\n", 7), "E103@1:5");
  expect_fault("a: b\x04\nc: d\n", "E103@1:5");
  expect_fault("a: \"x\\0\"\n", "E103@1:4");
}

TEST(YamlFaults, Fault07BidirectionalControls) {
  expect_fault("a: x\u202Ey\n", "E104@1:5");
  expect_fault("# c\n# \u2066\na: 1\n", "E104@2:3");
  expect_fault("a: 1\n\uFEFFb: 1\n", "E104@2:1");
}

TEST(YamlFaults, Fault12TooLarge) {
  const YamlFault fault(std::string(yaml_max_bytes + 1, ' '));
  ASSERT_EQ(fault.diagnostics.list().size(), 1u);
  EXPECT_EQ(fault.first().code, "E105");
  EXPECT_EQ(fault.first().subject, "recipe.yaml");
  EXPECT_EQ(fault.places(), "E105@0:0");
}

TEST(YamlFaults, Empty) {
  expect_fault("", "E106@1:1");
  expect_fault("# only a comment\n", "E106@1:1");
  expect_fault("---\n...\n", "E106@1:1");
}

TEST(YamlFaults, Fault06SecondDocument) {
  expect_fault("a: 1\n# c\n---\nb: 2\n", "E107@3:1");
  expect_fault("a: 1\n...\nb: 2\n", "E107@2:1");
  expect_fault("a: 1\n---\n", "E107@2:1");
}

TEST(YamlFaults, Fault01DuplicateKeysShowBothPlaces) {
  const YamlFault fault("a: 1\nb:\n  x: 1\n  y: 2\n  'x': 3\na: 4\n");
  EXPECT_EQ(fault.places(), "E108@6:1 E108@5:3");
  ASSERT_EQ(fault.first().secondary.size(), 1u);
  EXPECT_EQ(fault.first().secondary[0].span.begin, 0u);
  expect_fault("{1: a, \"1\": b}\n", "E108@1:8");
  expect_fault("- &k key\n- *k : 1\n  key: 2\n", "E108@3:3");
}

TEST(YamlFaults, KeysThatAreNotText) {
  expect_fault("? [a]\n: 1\n", "E109@1:3");
  expect_fault("{{a: 1}: 2}\n", "E109@1:2");
  expect_fault("~: 1\n", "E109@1:1");
  expect_fault(": 1\n", "E109@1:2");
}

TEST(YamlFaults, Fault02AliasesThatContainThemselves) {
  expect_fault("&x [1, *x]\n", "E110@1:8");
  expect_fault("a: &x\n  b: &y\n    c: *x\n", "E110@3:8");
  EXPECT_EQ(YamlFault("&x [1, *x]\n").text(), "*x");
}

std::string doubling_aliases(int levels, const char* item) {
  std::string text = "a0: &a0 x\n";
  for (int i = 1; i <= levels; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 1; k < 10; ++k) text += ", " + (*item ? item : before);
    text += "]\n";
  }
  return text;
}

TEST(YamlFaults, Fault03AliasBomb) {
  const YamlFault fault(doubling_aliases(9, ""));
  ASSERT_EQ(fault.diagnostics.list().size(), 1u);
  EXPECT_EQ(fault.first().code, "E111");
  EXPECT_FALSE(fault.root);
}

/// 480 bytes that stand for more than fifty million nodes.
TEST(YamlFaults, Fault03AliasBombOfAFewBytes) {
  std::string text = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    const std::string alias = std::string("*") + static_cast<char>(c - 1);
    text += std::string(1, c) + ": &" + c + " [" + alias;
    for (int i = 1; i < 9; ++i) text += "," + alias;
    text += "]\n";
  }
  ASSERT_LE(text.size(), 480u);
  EXPECT_EQ(YamlFault(text).first().code, "E111");
}

TEST(YamlFaults, Fault03AliasesThatOnlyGrowDeep) {
  const YamlFault fault(doubling_aliases(200, "y"));
  ASSERT_EQ(fault.diagnostics.list().size(), 1u);
  EXPECT_EQ(fault.first().code, "E112");
}

TEST(YamlFaults, Fault04DeepNesting) {
  for (const char* level : {"[", "{a: ", "- ", "? ", "[{a: "}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += level;
    const YamlFault fault(text);
    ASSERT_EQ(fault.diagnostics.list().size(), 1u) << level;
    EXPECT_EQ(fault.first().code, "E112") << level;
  }
  std::string allowed(yaml_max_depth, '[');
  allowed.append(yaml_max_depth, ']');
  EXPECT_TRUE(YamlFault(allowed).root);
}

TEST(YamlFaults, TooManyNodes) {
  std::string brackets = "[";
  for (std::size_t i = 0; i < yaml_max_nodes + 1; ++i) brackets += ",";
  expect_fault(brackets, "E111@1:1");
}

TEST(YamlFaults, Fault10Tags) {
  expect_fault("a: !!str 1\nb: !x\nc: ! y\n", "E113@1:4 E113@2:4 E113@3:4");
  expect_fault("!!map {a: 1}\n", "E113@1:1");
  expect_fault("a: &x !<tag:y> [1]\n", "E113@1:7");
  expect_fault("!x a: 1\n", "E113@1:1");
  EXPECT_EQ(YamlFault("a: &x !!str 1\n").text(), "!!str");
}

TEST(YamlFaults, Fault11MergeKeys) {
  expect_fault("a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n", "E114@3:3 E114@4:3");
  EXPECT_TRUE(YamlFault("'<<': 1\n").root);
}

TEST(YamlFaults, TabsAsIndentation) {
  expect_fault("a:\n\tb: 1\n", "E115@2:1");
  expect_fault("a:\n  \t- 1\n", "E115@2:3");
  EXPECT_TRUE(YamlFault("a: {\n\tb: 1,\n\tc: 2 }\nd:\t5\n").root);
}

TEST(YamlFaults, UnclosedQuotesAreShownWhereTheyOpen) {
  expect_fault("a: 'fine'\nb: \"x\nc: 1\n", "E116@2:4");
  expect_fault("a: 'fine' # isn't\nb: 'x\n", "E116@2:4");
}

TEST(YamlFaults, UnknownAlias) {
  expect_fault("a: [*nope]\n", "E117@1:5");
  EXPECT_EQ(YamlFault("a: [*nope]\n").text(), "*nope");
}

TEST(YamlFaults, SeveralFaultsInOneReading) {
  expect_fault("a: !x 1\nb: !y 2\n", "E113@1:4 E113@2:4");
  expect_fault("a: 1\na: 2\n? [b]\n: 3\n", "E108@2:1 E109@3:3");
}

}  // namespace
}  // namespace inarch
