#include "runtime/cli/recipe_template.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "compiler/recipe/yaml_tree.h"

namespace inarch {
namespace {

const RecipeTemplate& template_named(std::string_view name) {
  const RecipeTemplate* found = find_template(name);
  if (!found) throw std::runtime_error("no such template");
  return *found;
}

std::string value_at(const std::string& text, const std::string& path) {
  SourceMap sources;
  Diagnostics faults;
  const auto root = read_yaml(sources, sources.add("recipe.yaml", text), faults);
  if (!root) return "no YAML";
  const Value value = to_value(*root);
  const Value* found = value.find_path(path);
  return found ? to_text(*found) : "nothing";
}

TEST(RecipeTemplate, EachIsRunByAGoldenTest) {
  EXPECT_GE(recipe_templates().size(), 15u);
  EXPECT_EQ(recipe_templates().front().name, "blank");
  for (const RecipeTemplate& recipe : recipe_templates()) {
    const auto test =
        std::filesystem::path(INARCH_SOURCE_DIR) / "tests/golden/new" / (recipe.name + ".golden");
    EXPECT_TRUE(std::filesystem::exists(test)) << test;
    EXPECT_FALSE(recipe.sources.empty()) << recipe.name;
    EXPECT_TRUE(recipe.summary.ends_with('.')) << recipe.name;
    EXPECT_EQ(value_at(std::string(recipe.text), "inarch"), "1") << recipe.name;
  }
}

TEST(RecipeTemplate, IsWhatItIsWithoutChoices) {
  for (const RecipeTemplate& recipe : recipe_templates()) {
    const auto text = fill_template(recipe, {});
    ASSERT_TRUE(text.ok()) << recipe.name;
    EXPECT_EQ(*text, recipe.text);
  }
}

TEST(RecipeTemplate, TakesSourcesAndParams) {
  TemplateChoices choices;
  choices.sources = {
      {"base", "models/b: #1"}, {"experts", "/x"}, {"experts[1]", "~/y"}, {"experts", "z"}};
  choices.params = {{"active", "3"}, {"seed", "[1, \"a\"]"}, {"gate_std", "yes: 1"}};
  choices.path_prefix = "../";
  const auto text = fill_template(template_named("moe"), choices);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(value_at(*text, "sources.base.path"), "../models/b: #1");
  EXPECT_EQ(value_at(*text, "sources.experts.0.path"), "/x");
  EXPECT_EQ(value_at(*text, "sources.experts.1.path"), "~/y");
  EXPECT_EQ(value_at(*text, "sources.experts.2.path"), "../z");
  EXPECT_EQ(value_at(*text, "params.active"), "3");
  EXPECT_EQ(value_at(*text, "params.seed"), "[1, \"a\"]");
  EXPECT_EQ(value_at(*text, "params.gate_std"), "yes: 1");
  EXPECT_NE(text->find("# experts that a token goes to"), std::string::npos);
}

TEST(RecipeTemplate, TakesAnAdapterBesideItsBase) {
  TemplateChoices choices;
  choices.sources = {{"tuned", "models/base+adapters/one"}};
  const auto text = fill_template(template_named("lora"), choices);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(value_at(*text, "sources.tuned.path"), "models/base");
  EXPECT_EQ(value_at(*text, "sources.tuned.adapter"), "adapters/one");
}

TEST(RecipeTemplate, LeadsBackToWherePathsStart) {
  EXPECT_EQ(way_back("recipe.yaml"), "");
  EXPECT_EQ(way_back("./a//b/recipe.yaml"), "../../");
  EXPECT_TRUE(way_back("../recipe.yaml").starts_with('/'));
}

}  // namespace
}  // namespace inarch
