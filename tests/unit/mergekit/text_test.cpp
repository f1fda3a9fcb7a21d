#include <gtest/gtest.h>

#include "compiler/mergekit/layers.h"
#include "compiler/mergekit/recipe_text.h"
#include "compiler/recipe/yaml_tree.h"

namespace inarch {
namespace {

TEST(RecipeText, PointsBackToWhatALineStandsFor) {
  RecipeText inner;
  inner.add("  - from: a\n    to: b", {1, 10, 12});
  RecipeText text;
  text.add("inarch: 1", {1, 0, 4});
  text.append(inner);
  EXPECT_EQ(text.text(), "inarch: 1\n  - from: a\n    to: b\n");
  const auto at = static_cast<std::uint32_t>(text.text().find("to"));
  const Diagnostic found =
      text.point_back(error("E1", "x").at({2, at, at + 2}, "here").also({2, 0, 3}, "there"), 2);
  EXPECT_EQ(found.primary.span.begin, 10u);
  EXPECT_EQ(found.primary.text, "here");
  EXPECT_EQ(found.secondary.front().span.end, 4u);
  EXPECT_EQ(found.notes.back(), "in the recipe that this stands for: to: b");
  const Diagnostic other = text.point_back(error("E1", "x").at({3, 5, 6}), 2);
  EXPECT_EQ(other.primary.span.file, 3u);
  EXPECT_TRUE(other.notes.empty());
}

TEST(RecipeText, ScalarsReadBackAsText) {
  for (const char* text :
       {"a/b", "1.5", "no", "null", "~",  "-x",   "{name}", "a: b",  "a #b",
        "'",   "\"",  "",   " ",    "\n", "0x10", "1_000",  "C:\\x", "model.layers.{i + 1}.x",
        "[",   "*a"}) {
    for (const bool in_flow : {true, false}) {
      SourceMap sources;
      Diagnostics diagnostics;
      const std::string yaml =
          in_flow ? "{ a: " + yaml_text(text) + " }" : "a: " + yaml_text(text, false);
      const auto node = read_yaml(sources, sources.add("x", yaml), diagnostics);
      ASSERT_TRUE(node) << yaml;
      const Value value = to_value(*node->find("a"));
      ASSERT_TRUE(value.if_text()) << yaml;
      EXPECT_EQ(*value.if_text(), text) << yaml;
    }
  }
}

TEST(RecipeText, NumbersReadBackEqual) {
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(-3), "-3");
  EXPECT_EQ(number_text(1e-8), "1e-08");
  EXPECT_EQ(expression_text("it's \\"), "'it\\'s \\\\'");
}

TEST(MergekitLayers, NamesAreTakenApartAtTheFirstNumber) {
  const auto split = split_layer_name("model.layers.12.experts.3.w1.weight");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->stack, "model.layers.");
  EXPECT_EQ(split->layer, 12);
  EXPECT_EQ(split->rest, "experts.3.w1.weight");
  EXPECT_FALSE(split_layer_name("model.norm.weight"));
  EXPECT_FALSE(split_layer_name("h.3"));
  EXPECT_FALSE(split_layer_name("3.weight"));
  EXPECT_FALSE(split_layer_name("a.3x.b"));
  EXPECT_FALSE(split_layer_name("a.99999999999999999999.b"));
}

TEST(MergekitLayers, TensorsBelongToModules) {
  EXPECT_TRUE(is_of_module("model.vision_tower.layers.0.x", "vision_tower"));
  EXPECT_FALSE(is_of_module("model.vision_tower.layers.0.x", "text_decoder"));
  EXPECT_TRUE(is_of_module("multi_modal_projector.weight", "multi_modal_projector"));
  EXPECT_TRUE(is_of_module("encoder.block.0.x", "encoder"));
  EXPECT_TRUE(is_of_module("lm_head.weight", "decoder"));
  EXPECT_TRUE(is_of_module("shared.weight", "shared"));
  EXPECT_TRUE(comes_before_layers("model.embed_tokens.weight"));
  EXPECT_FALSE(comes_before_layers("lm_head.weight"));
  EXPECT_FALSE(comes_before_layers("model.norm.weight"));
}

}  // namespace
}  // namespace inarch
