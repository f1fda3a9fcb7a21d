#include <gtest/gtest.h>

#include "tests/unit/recipe/recipe_test_support.h"

namespace inarch {
namespace {

using Strings = std::vector<std::string>;

World models() {
  World world;
  world.add("m", {"layers.0.q", "layers.0.k", "layers.1.q", "layers.1.k", "norm"});
  world.add("n", {"layers.0.q", "layers.1.q", "x.0", "x.1"});
  world.config("m", R"({"layers": 2, "dtype": "float32", "text": {"dtype": "float32", "n": 1}})");
  return world;
}

Attempt rules(const std::string& text, const std::string& head = "") {
  return attempt_binding(models(), "inarch: 1\nsources: { m: m, n: n, list: [ m, n ] }\n" + head +
                                       "tensors:\n" + text);
}

TEST(Bind, AppliesARuleToEachMatch) {
  const Attempt a = rules("  - { from: 'm:layers.{i}.{p}', to: 'blocks.{i + 1}.{p}' }\n");
  EXPECT_EQ(a.outputs(), (Strings{"blocks.1.q", "blocks.1.k", "blocks.2.q", "blocks.2.k"}))
      << a.said();
}

TEST(Bind, JoinsOperandsOverSharedCaptures) {
  const Attempt a = rules(
      "  - { from: [ 'm:layers.{i}.q', 'n:layers.{i}.q' ], to: 'o.{i}', combine: { stack: 0 } }\n");
  EXPECT_EQ(a.outputs(), (Strings{"o.0", "o.1"})) << a.said();
  const Attempt missing = rules(
      "  - { from: [ 'm:layers.{i}.k', 'n:layers.{i}.k' ], to: 'o.{i}', combine: { stack: 0 } }\n");
  EXPECT_EQ(missing.codes(), "E204");
}

TEST(Bind, ForSaysWhichMustExist) {
  EXPECT_EQ(rules("  - { from: 'm:layers.{i}.q', for: { i: 0 .. 2 }, to: 'o.{i}' }\n").outputs(),
            (Strings{"o.0", "o.1"}));
  EXPECT_EQ(rules("  - { from: 'm:layers.{i}.q', for: { i: 0 .. 3 }, to: 'o.{i}' }\n").codes(),
            "E204");
  EXPECT_EQ(rules("  - from: 'm:layers.{s}.q'\n"
                  "    for: { i: 0 .. 3, s: '[i if i < 2 else 1]' }\n"
                  "    to: 'o.{i}'\n")
                .outputs(),
            (Strings{"o.0", "o.1", "o.2"}));
  EXPECT_EQ(rules("  - { to: 'o.{b}', for: { b: [true, 2, x] }, where: b == true, init: { ones: "
                  "[1] } }\n")
                .outputs(),
            (Strings{"o.true"}));
}

TEST(Bind, WhereFiltersBeforeAndAfterOperands) {
  EXPECT_EQ(
      rules("  - { from: 'm:layers.{i}.{p}', where: i > 0 and p == 'q', to: 'o.{i}' }\n").outputs(),
      (Strings{"o.1"}));
  const Attempt none = rules("  - { from: 'm:layers.{i}.{p}', where: i > 7, to: 'o.{i}.{p}' }\n");
  EXPECT_EQ(none.codes(), "W201");
}

TEST(Bind, RestTakesWhatNoOtherRuleUsed) {
  const Attempt a = rules(
      "  - { from: 'm:{r...}', to: 'rest.{r}', rest: true }\n"
      "  - { from: 'm:layers.{i}.q', to: 'o.{i}' }\n");
  EXPECT_EQ(a.outputs(),
            (Strings{"o.0", "o.1", "rest.layers.0.k", "rest.layers.1.k", "rest.norm"}));
}

TEST(Bind, CapturesTheNumberOfASourceInAList) {
  EXPECT_EQ(rules("  - { from: 'list[{e}]:layers.0.q', to: 'o.{e + 10}' }\n").outputs(),
            (Strings{"o.10", "o.11"}));
  EXPECT_EQ(rules("  - { from: 'list[1]:x.0', to: o }\n").outputs(), (Strings{"o"}));
  // x.{e} of the source with that very number
  EXPECT_EQ(rules("  - { from: 'list[{e}]:x.{e}', to: 'o.{e}' }\n").outputs(), (Strings{"o.1"}));
  EXPECT_EQ(rules("  - { from: 'list:x.0', to: o }\n").codes(), "E209");
  EXPECT_EQ(rules("  - { from: 'm[0]:norm', to: o }\n").codes(), "E209");
}

TEST(Bind, ReportsPatternsAndSourcesThatAreNotThere) {
  EXPECT_EQ(rules("  - { from: 'm:layers.{i}.v', to: 'o.{i}' }\n").codes(), "E203");
  EXPECT_EQ(rules("  - { from: 'mm:norm', to: o }\n").codes(), "E202");
  EXPECT_EQ(rules("  - { from: 'm:layers.{i}.q', to: 'o.{j}' }\n").codes(), "E205");
  EXPECT_EQ(rules("  - { from: 'm:norm', to: '.o' }\n").codes(), "E206");
}

TEST(Bind, LetsMayStandInAnyOrder) {
  for (const char* lets : {"let: { size: cfg.layers, cfg: m.config }\n",
                           "let: { cfg: m.config, size: cfg.layers }\n"}) {
    const Attempt a =
        rules("  - { to: 'o.{i}', for: { i: 0 .. size }, init: { ones: [1] } }\n", lets);
    EXPECT_EQ(a.outputs(), (Strings{"o.0", "o.1"})) << a.said();
  }
}

TEST(Bind, StrictSourcesLeaveNothingUnused) {
  const std::string recipe =
      "inarch: 1\nsources: { m: { path: m, strict: true, ignore: [ 'layers.1.{r...}' ] } }\n"
      "tensors:\n  - { from: 'm:layers.0.{p}', to: '{p}' }\n";
  const Attempt unused = attempt_binding(models(), recipe);
  EXPECT_EQ(unused.codes(), "E210");
  EXPECT_EQ(attempt_binding(models(), recipe + "  - { from: 'm:norm', to: norm }\n").codes(), "");
}

TEST(Bind, SetMustKeepTheType) {
  const std::string recipe =
      "inarch: 1\nparams: { n: 2, share: 0.5 }\nsources: { m: m }\n"
      "tensors:\n  - { to: 'o.{i}', for: { i: 0 .. n }, init: { ones: [1] } }\n";
  const World world = models();
  BindOptions options = world.options();
  options.set = {{"n", "3"}, {"share", "1"}};
  EXPECT_EQ(attempt_binding(options, recipe).outputs().size(), 3u);
  options.set = {{"n", "many"}};
  EXPECT_EQ(attempt_binding(options, recipe).codes(), "E161");
  options.set = {{"m", "3"}};
  EXPECT_EQ(attempt_binding(options, recipe).codes(), "E160");
}

TEST(Bind, ListsFromTheCommandLine) {
  const std::string recipe =
      "inarch: 1\nparams: { picked: [0], none: null }\n"
      "tensors:\n  - { to: 'o.{i}', for: { i: '[x for x in picked]' }, init: { ones: [1] } }\n";
  const World world = models();
  BindOptions options = world.options();
  options.set = {{"picked", "[1, 4, 7]"}, {"none", "{ a: [2] }"}};
  const Attempt a = attempt_binding(options, recipe);
  ASSERT_TRUE(a.bound) << a.said();
  EXPECT_EQ(a.outputs().size(), 3u);
  for (const char* wrong : {"1", "[1, 4", "{ a: 1 }", "[1] ]", ""}) {
    options.set = {{"picked", wrong}};
    EXPECT_EQ(attempt_binding(options, recipe).codes(), "E161") << wrong;
  }
}

TEST(Bind, ConfigsFollowTheDtypeUnlessTheyAreSet) {
  const Attempt a =
      attempt_binding(models(),
                      "inarch: 1\nsources: { m: m }\ntensors: [ { from: 'm:norm', to: o } ]\n"
                      "output: { dtype: bf16, config: { from: m, remove: [ layers, 'gone?' ], set: "
                      "{ text: { dtype: "
                      "float16, k: '${1 + 1}' } } } }\n");
  ASSERT_TRUE(a.bound) << a.said();
  EXPECT_EQ(write_json(*a.bound->config, JsonStyle::compact),
            R"({"dtype": "bfloat16", "text": {"dtype": "float16", "n": 1, "k": 2}})");
}

}  // namespace
}  // namespace inarch
