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

TEST(Bind, TablesAreKnownByName) {
  World world = models();
  world.text("dir/keep.json", R"({"q": [1, 0]})").text("dir/list.txt", "k\n\n 7 \n");
  world.text("/models/m/extra.json", "[2]").side_files("m", {"extra.json"});
  world.values("norm", "[[1, 2.5]]");
  BindOptions options = world.options();
  options.recipe_directory = "dir";
  const Attempt a = attempt_binding(
      options,
      "inarch: 1\nparams: { file: keep }\nsources: { m: { path: m, strict: true, ignore: "
      "['layers.{r...}'] } }\n"
      "data: { keep: '${file}.json', list: list.txt, of: { file: extra.json, of: m }, t: { tensor: "
      "'m:norm' } }\n"
      "tensors:\n  - { to: 'o.{i}.{p}', for: { i: keep.q, p: list }, where: 't[0][1] "
      "== 2.5 and of == [2] and list[1] == 7', init: { ones: [1] } }\n");
  EXPECT_EQ(a.outputs(), (Strings{"o.1.k", "o.1.7", "o.0.k", "o.0.7"})) << a.said();
}

TEST(Bind, SeveralVariablesTakeListsApart) {
  EXPECT_EQ(
      rules("  - { from: 'm:layers.{old}.q', for: { 'new, old': 'enumerate([1, 0, 1])' }, to: "
            "'o.{new}.{old}' }\n")
          .outputs(),
      (Strings{"o.0.1", "o.1.0", "o.2.1"}));
  EXPECT_EQ(rules("  - { to: 'o.{a}', for: { 'a, b': '[[1]]' }, init: { ones: [1] } }\n").codes(),
            "E207");
  EXPECT_EQ(rules("  - { to: 'o.{a}', for: { 'a, ': '[[1]]' }, init: { ones: [1] } }\n").codes(),
            "E136");
}

TEST(Bind, ExceptLeavesOut) {
  EXPECT_EQ(
      rules(
          "  - { from: 'm:{name...}', to: '{name}', rest: true, except: [ 'layers.{i}.q', 'gone?' "
          "] }\n")
          .outputs(),
      (Strings{"layers.0.k", "layers.1.k", "norm"}));
  const Attempt all = rules(
      "  - { from: 'm:layers.{i}.q', to: 'o.{i}', except: [ 'layers.{i}.{p}' ] }\n"
      "  - { from: 'm:norm', to: norm }\n");
  EXPECT_EQ(all.outputs(), (Strings{"norm"})) << all.said();
  EXPECT_EQ(rules("  - { from: 'm:norm', to: o, except: [ nrm ] }\n").help(),
            "did you mean 'norm'?");
  EXPECT_EQ(rules("  - { from: 'm:layers.{i}.x', to: 'o.{i}', except: [ norm ] }\n").codes(),
            "E203");
  // The list's second source has no 'norm': one that has it is enough.
  EXPECT_EQ(
      rules(
          "  - { from: 'list[{e}]:{name...}', to: 'o.{e}.{name}', except: [ 'layers.{r...}', norm "
          "] }\n")
          .outputs(),
      (Strings{"o.1.x.0", "o.1.x.1"}));
}

TEST(Bind, IncludedFilesCountAsIfTheyStoodThere) {
  World world = models();
  world.text(
      "part.yaml",
      "params: { n: 1 }\ntensors:\n  - { from: 'm:layers.{i}.q', to: 'o.{i}', where: i < top "
      "}\n");
  const std::string head = "inarch: 1\ninclude: [ part.yaml ]\nsources: { m: m }\n";
  const Attempt a = attempt_binding(world, head + "let: { top: n + 1 }\n");
  EXPECT_EQ(a.outputs(), (Strings{"o.0", "o.1"})) << a.said();
  ASSERT_TRUE(a.recipe);
  EXPECT_EQ(a.recipe->parts.size(), 1u);
  EXPECT_EQ(a.sources->path(a.recipe->rules.at(0).span.file), "part.yaml");
  const Attempt twice = attempt_binding(world, head + "let: { top: 1, n: 2 }\n");
  EXPECT_EQ(twice.codes(), "E136");
  EXPECT_EQ(twice.first().secondary.size(), 1u);
  for (const char* path : {"/part.yaml", "../part.yaml", "a/../part.yaml", "gone.yaml", ".."}) {
    EXPECT_EQ(attempt_binding(world, "inarch: 1\ninclude: [ " + std::string(path) + " ]\n").codes(),
              "E128")
        << path;
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
  EXPECT_EQ(write_json(*a.bound->outputs.front().config, JsonStyle::compact),
            R"({"dtype": "bfloat16", "text": {"dtype": "float16", "n": 1, "k": 2}})");
}

}  // namespace
}  // namespace inarch
