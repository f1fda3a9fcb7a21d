// What is left untried: by configs that decide one way, by checkpoints that lack what may be there.

#include "compiler/architecture/coverage.h"

#include "compiler/support/text.h"
#include "tests/unit/architecture/architecture_test_support.h"

namespace inarch {
namespace {

struct Trial {
  explicit Trial(std::string_view text) : file(text) { EXPECT_EQ(file.reported, ""); }

  /// A checkpoint with what is required, and these tensors besides.
  void add(std::string_view config_text, const std::vector<std::string>& more = {},
           std::string_view spelling = "") {
    Diagnostics diagnostics;
    const Value config = json(config_text);
    const auto usual = file.architecture->expand(config, diagnostics, Span{}, &coverage.expansion);
    ASSERT_TRUE(usual);
    Checkpoint checkpoint =
        as_checkpoint(*file.architecture->respell(*usual, spelling, diagnostics), config);
    for (const std::string& name : more) {
      TensorInfo tensor;
      tensor.name = name;
      checkpoint.tensors.push_back(tensor);
    }
    checkpoint.build_index();
    coverage.add_words(config);
    coverage.add(*file.architecture, checkpoint, *usual, spelling);
  }

  /// "condition config.b: true; …"
  std::string left() const {
    std::string text;
    for (const Untried& item : untried(file.architecture->file(), coverage, file.sources)) {
      text += text.empty() ? "" : "; ";
      text += std::string(name(item.kind)) + " " + item.text + ": " + item.missing;
    }
    return text;
  }

  TestFile file;
  Coverage coverage;
};

TEST(Coverage, asks_for_both_sides_of_a_condition) {
  Trial trial(R"(
architecture: tiny
tensors:
  - names:
      a: { shape: [1], where: config.b }
)");
  EXPECT_EQ(trial.left(), "condition config.b: evaluated");
  trial.add(R"({"b": false})");
  EXPECT_EQ(trial.left(), "condition config.b: true");
  trial.add(R"({"b": true})");
  EXPECT_EQ(trial.left(), "");
}

TEST(Coverage, asks_for_each_operand_and_not_for_what_joins_them) {
  Trial trial(R"(
architecture: tiny
tensors:
  - names:
      a: { shape: [1], where: config.b and not (config.c or config.d) }
)");
  trial.add(R"({"b": false})");
  trial.add(R"({"b": true, "c": false, "d": false})");
  EXPECT_EQ(trial.left(), "condition config.c: true; condition config.d: true");
  trial.add(R"({"b": true, "c": false, "d": true})");
  trial.add(R"({"b": true, "c": true})");
  EXPECT_EQ(trial.left(), "");
}

TEST(Coverage, looks_into_sizes_where_they_are_used) {
  Trial trial(R"(
architecture: tiny
sizes:
  used: 2 if config.b else 3
  unused: config.c ?? 4
tensors:
  - names: { a: [used] }
)");
  trial.add(R"({"b": true, "c": 1})");
  EXPECT_EQ(trial.left(), "condition config.b: false; fallback config.c: evaluated");
}

TEST(Coverage, asks_for_a_key_that_is_there_and_one_that_is_not) {
  Trial trial(R"(
architecture: tiny
tensors:
  - names: { a: ["config.b ?? 4"] }
)");
  trial.add(R"({"b": 1})");
  EXPECT_EQ(trial.left(), "fallback config.b: left out");
  trial.add(R"({})");
  EXPECT_EQ(trial.left(), "");
}

TEST(Coverage, asks_for_a_second_round) {
  Trial trial(R"(
architecture: tiny
tensors:
  - for: { i: 0 .. config.n }
    names: { "a.{i}": [1] }
)");
  trial.add(R"({"n": 0})");
  EXPECT_EQ(trial.left(), "loop 0 .. config.n: a value");
  trial.add(R"({"n": 1})");
  EXPECT_EQ(trial.left(), "loop 0 .. config.n: a second value");
  trial.add(R"({"n": 2})");
  EXPECT_EQ(trial.left(), "");
}

TEST(Coverage, says_the_same_once) {
  Trial trial(R"(
architecture: tiny
tensors:
  - names:
      a: { shape: [1], where: config.b }
      c: { shape: [1], where: config.b }
      d: { shape: [1], where: not config.b }
)");
  trial.add(R"({"b": true})");
  const auto found = untried(trial.file.architecture->file(), trial.coverage, trial.file.sources);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].places.size(), 3u);
}

TEST(Coverage, asks_for_tensors_that_may_be_there) {
  Trial trial(R"(
architecture: tiny
tensors:
  - names:
      a: { shape: [1], optional: true }
      b: { shape: [1], legacy: true }
accept: ["c.{rest...}"]
)");
  trial.add("{}");
  EXPECT_EQ(trial.left(), "optional a: there; legacy b: there; accept c.{rest...}: of use");
  trial.add("{}", {"a", "b", "c.x"});
  EXPECT_EQ(trial.left(), "");
}

TEST(Coverage, asks_for_an_optional_tensor_left_out) {
  Trial trial(R"(
architecture: tiny
tensors:
  - names: { a: { shape: [1], optional: true } }
)");
  trial.add("{}", {"a"});
  EXPECT_EQ(trial.left(), "optional a: left out");
}

TEST(Coverage, asks_for_every_rule_of_a_spelling) {
  Trial trial(R"(
architecture: tiny
tensors:
  - for: { e: 0 .. 2 }
    names: { "x.{e}": [1] }
  - names: { y: [1] }
spellings:
  other:
    fused: { f: ["x.{e}"], g: ["z.{e}"] }
    names: { y: why, "x.{e}": "ex.{e}" }
)");
  trial.add("{}");
  EXPECT_EQ(trial.left(), "spelling other: of use");
  trial.add("{}", {}, "other");
  EXPECT_EQ(trial.left(), "fusion g: of use; renaming x.{e}: of use");
}

TEST(Coverage, asks_for_every_word_that_a_config_may_name) {
  Trial trial(R"(
architecture: tiny
match:
  - { model_type: tiny, classes: [TinyModel, TinyForCausalLM] }
tensors:
  - names: { a: [1] }
)");
  trial.add(R"({"model_type": "tiny", "architectures": ["TinyForCausalLM"]})");
  EXPECT_EQ(trial.left(), "class TinyModel: named");
}

}  // namespace
}  // namespace inarch
