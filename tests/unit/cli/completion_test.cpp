#include "runtime/cli/completion.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace inarch {
namespace {

std::vector<std::string> completed(const std::vector<std::string>& words) {
  std::vector<std::string> texts;
  for (const Candidate& candidate : complete_words(words)) texts.push_back(candidate.text);
  return texts;
}

bool has(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

using Texts = std::vector<std::string>;

TEST(Completion, OfCommandsAndOptions) {
  EXPECT_EQ(completed({"ver"}), Texts{"verify"});
  EXPECT_EQ(completed({"--v"}), Texts{"--version"});
  EXPECT_EQ(completed({"run", "--mem"}), Texts{"--memory"});
  EXPECT_TRUE(has(completed({"run", "--"}), "--output"));
  EXPECT_TRUE(has(completed({"help", "ch"}), "check-arch"));
  EXPECT_TRUE(completed({"no-such-command", ""}).empty());
}

TEST(Completion, OfValues) {
  EXPECT_EQ(completed({"check", "--format", "js"}), Texts{"json"});
  EXPECT_EQ(completed({"check", "--format=js"}), Texts{"--format=json"});
  EXPECT_EQ(completed({"synth", "llam"}), Texts{"llama"});
  EXPECT_EQ(completed({"explain", "E20"}).size(), 9u);
  EXPECT_EQ(completed({"explain", "split_h"}), Texts{"split_halves"});
  EXPECT_EQ(completed({"completions", "z"}), Texts{"zsh"});
  EXPECT_EQ(completed({"new", "depth"}), Texts{"depth-upscale"});
  EXPECT_EQ(completed({"new", "graft", "--source", ""}), (Texts{"body=", "donor="}));
  EXPECT_EQ(completed({"new", "depth-upscale", "--set", "l"}), Texts{"lower="});
}

TEST(Completion, OfManyTensorsGoesSegmentBySegment) {
  Texts names = {"head"};
  for (int k = 0; k < 30; ++k) {
    for (const char* end : {"a.weight", "b.weight"})
      names.push_back("model.layers." + std::to_string(k) + "." + end);
  }
  const auto texts = [&](const std::string& word) {
    Texts found;
    for (const Candidate& candidate : complete_tensor(word, names)) found.push_back(candidate.text);
    return found;
  };
  EXPECT_EQ(texts(""), (Texts{"head", "model."}));
  EXPECT_EQ(texts("mo").size(), 30u);
  EXPECT_EQ(texts("mo").front(), "model.layers.0.");
  EXPECT_EQ(texts("model.layers.7."),
            (Texts{"model.layers.7.a.weight", "model.layers.7.b.weight"}));
}

TEST(Completion, ReadsALineAsBashDoes) {
  EXPECT_EQ(read_bash_line("inarch  run 'a b' c\\ d \"e f").words,
            (Texts{"inarch", "run", "a b", "c d", "e f"}));
  EXPECT_EQ(read_bash_line("inarch run ").words, (Texts{"inarch", "run", ""}));
}

std::string offered(const std::string& line, const std::string& candidate) {
  return bash_completion({candidate, ""}, read_bash_line(line), line, " \t\n\"'><=;|&(:");
}

TEST(Completion, GivesBashWhatFollowsItsLastBreak) {
  EXPECT_EQ(offered("inarch run re", "recipe.yaml"), "recipe.yaml");
  EXPECT_EQ(offered("inarch run --source=mod", "--source=x"), "x");
  EXPECT_EQ(offered("inarch run --source a=mod", "a=models/b c"), "models/b\\ c");
  EXPECT_EQ(offered("inarch run 'my re", "my recipe.yaml"), "my recipe.yaml");
  EXPECT_EQ(offered("inarch run my\\ re", "my recipe.yaml"), "my\\ recipe.yaml");
}

}  // namespace
}  // namespace inarch
