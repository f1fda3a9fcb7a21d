// docs/grammar.md names the functions, words and keys that there are, and no others.

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "compiler/recipe/expression_functions.h"
#include "compiler/recipe/expression_lexer.h"
#include "compiler/recipe/include_reader.h"
#include "compiler/recipe/recipe_schema.h"
#include "tests/unit/recipe/expression_test_support.h"

namespace inarch {
namespace {

using Words = std::set<std::string>;

std::string page() {
  std::ifstream stream(std::string(INARCH_SOURCE_DIR) + "/docs/grammar.md");
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// What stands between two lines of the page.
std::string between(const std::string& begin, const std::string& end) {
  const std::string text = page();
  const std::size_t from = text.find(begin);
  if (from == std::string::npos) return {};
  return text.substr(from + begin.size(),
                     text.find(end, from + begin.size()) - from - begin.size());
}

Words matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Words words;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    words.insert((*at)[1]);
  return words;
}

/// The names of all properties that a schema speaks of.
void collect_keys(const Value& schema, Words& keys) {
  if (const Value::List* list = schema.if_list()) {
    for (const Value& item : *list) collect_keys(item, keys);
  }
  const Value::Map* map = schema.if_map();
  if (!map) return;
  for (const auto& [key, value] : *map) {
    // Transforms, which another page lists.
    if (key.starts_with("step_") || key.starts_with("body_") || key.ends_with("_step")) continue;
    const Value::Map* properties = key == "properties" ? value.if_map() : nullptr;
    for (std::size_t k = 0; properties && k < properties->size(); ++k)
      keys.insert((*properties)[k].first);
    collect_keys(value, keys);
  }
}

TEST(GrammarPage, lists_the_functions_that_there_are) {
  const std::vector<std::string> names = function_names();
  EXPECT_EQ(matches(between("\nFunctions:\n", "\n## "), "([a-z_]+)"),
            Words(names.begin(), names.end()));
}

TEST(GrammarPage, lists_the_reserved_words) {
  const auto& words = reserved_words();
  EXPECT_EQ(matches(between("\nReserved words:\n", "\nFunctions:"), "([a-z]+)"),
            Words(words.begin(), words.end()));
}

TEST(GrammarPage, has_every_key_of_a_recipe_and_no_others) {
  Words keys;
  collect_keys(recipe_schema(), keys);
  Words quoted = matches(between("## Recipes\n", "\n## "), "\"([a-z][a-z_0-9]*)\"");
  EXPECT_EQ(quoted, keys);
}

TEST(GrammarPage, has_the_keys_of_recipes_and_parts) {
  const std::string recipe = between("    recipe   =", "    part ");
  const std::string part = between("    part     =", "    value ");
  const auto keys = keys_in_recipe(), of_part = keys_in_part();
  EXPECT_EQ(matches(recipe, "\"([a-z_]+)\":"), Words(keys.begin(), keys.end()));
  EXPECT_EQ(matches(part, "\"([a-z_]+)\""), Words(of_part.begin(), of_part.end()));
}

TEST(GrammarPage, has_operators_that_parse) {
  const std::string grammar = between("    comparison =", "    postfix ");
  Words operators = matches(grammar, "\"([^a-z\" ]+)\"");
  operators.erase("-");  // one operand; the other is in `sum`
  EXPECT_EQ(operators.size(), 14u);
  for (const std::string& op : operators) {
    const Evaluated result = run("3 " + op + " 2");
    EXPECT_TRUE(result.value) << op << result.message();
  }
  // What is told of precedence.
  EXPECT_EQ(run("0 .. 1 + 1 == [0, 1] and not false or 1 / 0 == 0").json(), "true");
  EXPECT_EQ(run("null ?? 1 .. 3").json(), "[1, 2]");
  EXPECT_EQ(run("-2 ** -1 * 2 if true else 3").json(), "-1.0");
}

}  // namespace
}  // namespace inarch
