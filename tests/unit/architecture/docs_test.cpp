// The examples of docs/architectures.md are read as they stand there.

#include <fstream>
#include <sstream>

#include "tests/unit/architecture/architecture_test_support.h"

namespace inarch {
namespace {

std::string read_page() {
  std::ifstream stream(std::string(INARCH_SOURCE_DIR) + "/docs/architectures.md");
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<std::string> examples() {
  constexpr std::string_view opening = "```yaml architecture\n";
  const std::string page = read_page();
  std::vector<std::string> found;
  for (std::size_t at = page.find(opening); at != std::string::npos; at = page.find(opening, at)) {
    at += opening.size();
    found.push_back(page.substr(at, page.find("```", at) - at));
  }
  return found;
}

TEST(ArchitecturePage, examples_are_valid) {
  const Value config = json(R"({"num_hidden_layers": 2, "hidden_size": 8, "vocab_size": 16,
      "num_attention_heads": 2, "intermediate_size": 12, "moe_intermediate_size": 4,
      "num_experts": 3, "tie_word_embeddings": true})");
  const std::vector<std::string> all = examples();
  ASSERT_EQ(all.size(), 2u);
  for (const std::string& example : all) {
    TestFile file(example);
    ASSERT_TRUE(file.architecture) << file.reported;
    EXPECT_FALSE(file.expand(config).empty());
    EXPECT_FALSE(file.diagnostics.has_errors()) << file.first().message;
  }
}

TEST(ArchitecturePage, the_first_example_has_experts_in_every_second_layer) {
  TestFile file(examples().at(0));
  const std::string found = lines(file.expand(json(R"({"num_hidden_layers": 2, "hidden_size": 8,
      "vocab_size": 16, "num_attention_heads": 2, "intermediate_size": 12,
      "moe_intermediate_size": 4, "num_experts": 3, "tie_word_embeddings": true})")));
  EXPECT_NE(found.find("model.layers.0.mlp.up_proj.weight [12, 8]\n"), std::string::npos);
  EXPECT_EQ(found.find("model.layers.1.mlp.up_proj"), std::string::npos);
  EXPECT_NE(found.find("model.layers.1.mlp.experts.2.w2.weight [8, 4]\n"), std::string::npos);
  EXPECT_EQ(found.find("model.layers.0.mlp.experts"), std::string::npos);
}

TEST(ArchitecturePage, names_every_family_that_is_built_in) {
  const std::string page = read_page();
  for (const std::string& name : architecture_names()) {
    EXPECT_NE(page.find("| `" + name + "` |"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace inarch
