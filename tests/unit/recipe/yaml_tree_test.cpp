#include "compiler/recipe/yaml_tree.h"

#include <string>

#include <gtest/gtest.h>

namespace inarch {
namespace {

struct Read {
  SourceMap sources;
  FileId file = 0;
  std::optional<YamlNode> root;

  explicit Read(std::string text) {
    Diagnostics diagnostics;
    file = sources.add("recipe.yaml", std::move(text));
    root = read_yaml(sources, file, diagnostics);
    for (const Diagnostic& d : diagnostics.list()) ADD_FAILURE() << d.code << " " << d.message;
  }
  const YamlNode& operator[](std::string_view key) const { return *root->find(key); }
  std::string text(const YamlNode& node) const { return std::string(sources.text(node.span)); }
};

TEST(YamlTree, SpansCoverTheTextOfScalars) {
  const Read yaml("a: plain\nb: 'it''s'\nc: \"q\\\" # x\" # comment\nd: two words # comment\n");
  EXPECT_EQ(yaml.text(yaml["a"]), "plain");
  EXPECT_EQ(yaml.text(yaml["b"]), "'it''s'");
  EXPECT_EQ(yaml["b"].text, "it's");
  EXPECT_EQ(yaml.text(yaml["c"]), "\"q\\\" # x\"");
  EXPECT_EQ(yaml["c"].text, "q\" # x");
  EXPECT_EQ(yaml.text(yaml["d"]), "two words");
  EXPECT_EQ(yaml.text(yaml.root->entries[1].key), "b");
}

TEST(YamlTree, SpansCoverScalarsOfSeveralLines) {
  const Read yaml(
      "a: one\n  two\n\n  three # comment\nb: \"x\n  y\"\nc: |  # note\n  l1\n  # l2\n\nd: >-\n  "
      "f1\n  "
      "f2\n");
  EXPECT_EQ(yaml["a"].text, "one two\nthree");
  EXPECT_EQ(yaml.text(yaml["a"]), "one\n  two\n\n  three");
  EXPECT_EQ(yaml.text(yaml["b"]), "\"x\n  y\"");
  EXPECT_EQ(yaml["c"].text, "l1\n# l2\n");
  EXPECT_EQ(yaml.text(yaml["c"]), "|  # note\n  l1\n  # l2");
  EXPECT_TRUE(yaml["c"].quoted);
  EXPECT_EQ(yaml["d"].text, "f1 f2");
  EXPECT_EQ(yaml.text(yaml["d"]), ">-\n  f1\n  f2");
}

TEST(YamlTree, SpansCoverCollections) {
  const Read yaml("a:\n  - 1\n  - b: 2\n    c: [x, {y: z}, ] # c\nd: {}\ne: [ ]\n");
  EXPECT_EQ(yaml.text(yaml["a"]), "1\n  - b: 2\n    c: [x, {y: z}, ]");
  EXPECT_EQ(yaml.text(*yaml["a"].items[1].find("c")), "[x, {y: z}, ]");
  EXPECT_EQ(yaml.text(yaml["a"].items[1]), "b: 2\n    c: [x, {y: z}, ]");
  EXPECT_EQ(yaml.text(yaml["d"]), "{}");
  EXPECT_EQ(yaml.text(yaml["e"]), "[ ]");
  EXPECT_TRUE(yaml["e"].is_sequence());
}

TEST(YamlTree, SpansCountBytesThroughUtf8AndMarksAndLineEndings) {
  const Read yaml("\xEF\xBB\xBFé: ü x\r\nb: [ñ]\r\nc: |\r\n  é\r\n");
  EXPECT_EQ(yaml.text(yaml["é"]), "ü x");
  EXPECT_EQ(yaml.text(yaml["b"]), "[ñ]");
  EXPECT_EQ(yaml["c"].text, "é\n");
  EXPECT_EQ(yaml.text(yaml["c"]), "|\r\n  é");
}

TEST(YamlTree, MissingValuesPointAfterTheirSign) {
  const Read yaml("a:\nb: null\nc:\n  -\n  - ~\nd: {x, y: }\n");
  EXPECT_TRUE(yaml["a"].is_null());
  EXPECT_EQ(yaml["a"].span.begin, 2u);
  EXPECT_EQ(yaml["a"].span.end, 2u);
  EXPECT_EQ(yaml.text(yaml["b"]), "null");
  EXPECT_TRUE(yaml["c"].items[0].is_null());
  EXPECT_EQ(yaml["c"].items[0].span.begin, 17u);
  EXPECT_EQ(yaml.text(yaml["c"].items[1]), "~");
  EXPECT_TRUE(yaml["d"].find("x")->is_null());
  EXPECT_EQ(yaml.text(yaml["d"]), "{x, y: }");
}

TEST(YamlTree, AliasesRepeatTheirNodeWithItsPlace) {
  const Read yaml("a: &x\n  k: [1, &y 2]\nb: *x\nc: [*y, &z 'q', *z]\n");
  EXPECT_EQ(yaml["b"].find("k")->items[1].text, "2");
  EXPECT_EQ(yaml["b"].span.begin, yaml["a"].span.begin);
  EXPECT_EQ(yaml.text(yaml["a"]), "k: [1, &y 2]");
  EXPECT_EQ(yaml.text(yaml["c"]), "[*y, &z 'q', *z]");
  EXPECT_TRUE(yaml["c"].items[2].quoted);
}

TEST(YamlTree, DocumentMarkersAndDirectivesAroundOneDocumentAreFine) {
  const Read yaml("%YAML 1.2\n---\na: 1\n...\n# end\n");
  EXPECT_EQ(yaml["a"].text, "1");
}

TEST(YamlTree, FindGivesNothingForAKeyThatIsNotThere) {
  const Read yaml("a: 1\n");
  EXPECT_EQ(yaml.root->find("b"), nullptr);
  EXPECT_EQ(yaml["a"].find("b"), nullptr);
}

TEST(YamlTree, ToValueKeepsOrderAndTypes) {
  const Read yaml("z: 1\na: [1.5, true, 'no', ~, no]\n7: {k: v}\n");
  const Value expected = Value::Map{
      {"z", 1}, {"a", Value::List{1.5, true, "no", nullptr, "no"}}, {"7", Value::Map{{"k", "v"}}}};
  EXPECT_TRUE(to_value(*yaml.root) == expected);
  EXPECT_EQ(to_value(*yaml.root).if_map()->front().first, "z");
}

TEST(YamlTree, KindNamesAreForPeople) {
  const Read yaml("a: 1\nb: x\nc: [1]\nd: {e: 1}\nf: '1'\ng:\n");
  EXPECT_EQ(yaml["a"].kind_name(), "an integer");
  EXPECT_EQ(yaml["b"].kind_name(), "text");
  EXPECT_EQ(yaml["c"].kind_name(), "a list");
  EXPECT_EQ(yaml["d"].kind_name(), "a mapping");
  EXPECT_EQ(yaml["f"].kind_name(), "text");
  EXPECT_EQ(yaml["g"].kind_name(), "nothing");
}

Value plain(std::string text) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.text = std::move(text);
  return scalar_value(node);
}

TEST(YamlScalar, ReadsTheCoreSchema) {
  EXPECT_EQ(*plain("-12").if_int(), -12);
  EXPECT_EQ(*plain("+12").if_int(), 12);
  EXPECT_EQ(*plain("0").if_int(), 0);
  EXPECT_EQ(*plain("0o17").if_int(), 15);
  EXPECT_EQ(*plain("0xfF").if_int(), 255);
  EXPECT_EQ(*plain("9223372036854775807").if_int(), INT64_MAX);
  EXPECT_EQ(*plain("9223372036854775808").if_real(), 9223372036854775808.0);
  EXPECT_EQ(*plain("1.").if_real(), 1.0);
  EXPECT_EQ(*plain(".5").if_real(), 0.5);
  EXPECT_EQ(*plain("+1e3").if_real(), 1000.0);
  EXPECT_EQ(*plain("-0.25E-1").if_real(), -0.025);
  EXPECT_EQ(*plain("-.inf").if_real(), -std::numeric_limits<double>::infinity());
  EXPECT_NE(*plain(".nan").if_real(), *plain(".nan").if_real());
  EXPECT_EQ(*plain("True").if_bool(), true);
  EXPECT_EQ(*plain("false").if_bool(), false);
}

TEST(YamlScalar, EverythingElseIsText) {
  for (const char* text :
       {"no", "yes", "on", "017", "1_000", "1,5", "0b1", "0x", "0o8", "0x-1", "1e", "+-1", ".", "-",
        "e5", "tRUE", "1e400", "0xffffffffffffffffff", "--1"}) {
    EXPECT_NE(plain(text).if_text(), nullptr) << text;
  }
}

TEST(YamlScalar, KnowsWhatOnlyLooksLikeANumber) {
  for (const char* text : {"1_000", "017", "1,5", "1,000", "1 000", "0b101", "1e400", "-017",
                           "0x_ff", "50%", "inf", "-Infinity", "NaN", "00", "0O17", "1'000"}) {
    EXPECT_TRUE(looks_like_number(text)) << text;
  }
  for (const char* text : {"", "1", "1.5", ".inf", "no", "0..25", "1.2.3", "5GB", "3/4", "a1", "-",
                           "0x", "0bx", "2024-01-01", "model.layers.0", "1 -> 2", "%", "_"}) {
    EXPECT_FALSE(looks_like_number(text)) << text;
  }
}

}  // namespace
}  // namespace inarch
