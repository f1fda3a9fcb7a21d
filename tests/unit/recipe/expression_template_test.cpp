#include "tests/unit/recipe/expression_test_support.h"

namespace inarch {
namespace {

Evaluated fill(std::string_view text, const Scope& scope = Scope()) {
  Evaluated result;
  const Span span = whole_text(result.sources, text);
  const auto parsed_text = parse_template(text, span, result.diagnostics);
  if (parsed_text) result.value = evaluate(*parsed_text, scope, result.diagnostics);
  return result;
}

Scope layer_scope() {
  Scope scope;
  scope.set("layer", "model.layers");
  scope.set("i", 7);
  scope.set("none", nullptr);
  scope.set("list", Value::List{1, 2});
  return scope;
}

TEST(Template, text_without_expressions_is_itself) {
  Diagnostics diagnostics;
  const auto plain = parse_template("model.layers.{i}.$x", Span{}, diagnostics);
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->is_plain());
  EXPECT_EQ(evaluate(*plain, Scope(), diagnostics), Value("model.layers.{i}.$x"));
  EXPECT_TRUE(parse_template("", Span{}, diagnostics)->is_plain());
  EXPECT_EQ(fill("").json(), "\"\"");
}

TEST(Template, parts_are_joined_as_text) {
  const Scope scope = layer_scope();
  EXPECT_EQ(fill("${layer}.${i + 1}.w", scope).json(), "\"model.layers.8.w\"");
  EXPECT_EQ(fill("a ${i > 3} b", scope).json(), "\"a true b\"");
}

TEST(Template, a_lone_expression_keeps_its_type) {
  const Scope scope = layer_scope();
  EXPECT_EQ(fill("${i}", scope).json(), "7");
  EXPECT_EQ(fill("${list}", scope).json(), "[1, 2]");
  EXPECT_EQ(fill("${none}", scope).json(), "null");
  EXPECT_EQ(fill(" ${i}", scope).json(), "\" 7\"");
}

TEST(Template, a_doubled_dollar_is_literal) {
  EXPECT_EQ(fill("$${i} $$ $", layer_scope()).json(), "\"${i} $$ $\"");
}

TEST(Template, quotes_may_hold_braces) { EXPECT_EQ(fill("<${'}{' + \"}\"}>").json(), "\"<}{}>\""); }

TEST(Template, a_part_that_is_not_closed_is_shown) {
  const Evaluated result = fill("model.${i + 1", layer_scope());
  EXPECT_EQ(result.code(), "E147");
  EXPECT_EQ(result.pointed(), "${i + 1");
}

TEST(Template, faults_inside_point_at_the_sub_expression) {
  EXPECT_EQ(fill("model.${i + layrs}.x", layer_scope()).pointed(), "layrs");
  EXPECT_EQ(fill("model.${i +}.x", layer_scope()).code(), "E143");
  EXPECT_EQ(fill("model.${}.x", layer_scope()).code(), "E148");
}

TEST(Template, every_faulty_part_is_reported) {
  EXPECT_EQ(fill("${1 +}.${2 +}").diagnostics.errors(), 2u);
}

TEST(Template, text_does_not_hold_null_or_collections) {
  const Scope scope = layer_scope();
  EXPECT_EQ(fill("a.${none}", scope).code(), "E151");
  EXPECT_EQ(fill("a.${none}", scope).message(), "text cannot hold null, and none is null");
  EXPECT_EQ(fill("a.${list}", scope).code(), "E151");
}

TEST(Template, spans_of_a_quoted_scalar_are_shifted) {
  SourceMap sources;
  const FileId file = sources.add("r.yaml", "to: \"${layer}.${i}\"\n");
  Diagnostics diagnostics;
  const auto result = parse_template("${layer}.${i}", Span{file, 4, 19}, diagnostics);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->parts.size(), 3u);
  EXPECT_EQ(sources.text(result->parts[0].span), "${layer}");
  EXPECT_EQ(sources.text(result->parts[0].expression->span), "layer");
  EXPECT_EQ(sources.text(result->parts[1].span), ".");
  EXPECT_EQ(sources.text(result->parts[2].expression->span), "i");
}

}  // namespace
}  // namespace inarch
