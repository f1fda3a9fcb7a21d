#include "tests/unit/architecture/architecture_test_support.h"

namespace inarch {
namespace {

constexpr std::string_view small = R"(
architecture: small
match: [{ model_type: small, classes: [SmallForCausalLM] }]
sizes:
  hidden: config.hidden ?? 4
  wide: i % 2 == 1
  width: 2 * hidden if wide else hidden
tensors:
  - component: text
    for: { i: 0 .. config.layers }
    prefix: layers.{i}.
    names:
      "{q,k}.weight": [width, hidden]
      extra: { shape: [], where: wide, buffer: true, dtype: f32 }
  - names:
      norm{,_2}.weight: [hidden]
      head: { shape: [3, hidden], tied: { to: norm.weight, when: "config.tied ?? true" } }
)";

TEST(ArchitectureFile, expands_in_the_order_of_the_file) {
  TestFile file(small);
  ASSERT_TRUE(file.architecture) << file.reported;
  EXPECT_EQ(lines(file.expand(json(R"({"layers": 2})"))),
            "layers.0.q.weight [4, 4]\n"
            "layers.0.k.weight [4, 4]\n"
            "layers.1.q.weight [8, 4]\n"
            "layers.1.k.weight [8, 4]\n"
            "layers.1.extra []\n"
            "norm.weight [4]\n"
            "norm_2.weight [4]\n"
            "head [3, 4]\n");
  EXPECT_FALSE(file.diagnostics.has_errors());
}

TEST(ArchitectureFile, gives_attributes) {
  TestFile file(small);
  ASSERT_TRUE(file.architecture) << file.reported;
  const std::vector<ArchTensor> tensors = file.expand(json(R"({"layers": 2})"));
  ASSERT_EQ(tensors.size(), 8u);
  EXPECT_EQ(tensors[0].component, "text");
  EXPECT_FALSE(tensors[0].buffer);
  EXPECT_TRUE(tensors[4].buffer);
  EXPECT_EQ(tensors[4].dtype, DType::f32);
  EXPECT_EQ(tensors[7].tied_to, "norm.weight");
  EXPECT_FALSE(tensors[7].required());
  EXPECT_EQ(file.expand(json(R"({"layers": 0, "tied": false})")).back().tied_to, "");
}

TEST(ArchitectureFile, loops_run_outermost_first_and_a_block_may_be_skipped) {
  TestFile file(R"(
architecture: loops
tensors:
  - for: { i: 0 .. 2, e: 0 .. i + 1 }
    where: e < 5
    names: { "layers.{i}.experts.{e}.w": [i, e] }
  - for: { i: 0 .. config.tower.layers }
    where: config.tower != null
    names: { "tower.{i}": [1] }
)");
  EXPECT_EQ(lines(file.expand(json("{}"))),
            "layers.0.experts.0.w [0, 0]\n"
            "layers.1.experts.0.w [1, 0]\n"
            "layers.1.experts.1.w [1, 1]\n");
  EXPECT_FALSE(file.diagnostics.has_errors());
}

constexpr std::string_view experts = R"(
architecture: experts
tensors:
  - names: { norm: [7] }
  - for: { i: 0 .. config.layers, e: 0 .. config.experts }
    names:
      "{i}.{e}.{a,b}": ["config.wide ?? 2 if e == 0 else 2", 5]
      "{i}.{e}.c": { shape: [5, 2], optional: true }
spellings:
  fused:
    names: { "{rest...}": "m.{rest}" }
    fused:
      "{i}.ab": ["{i}.{e}.a", "{i}.{e}.b"]
      "{i}.c": ["{i}.{e}.c"]
)";

TEST(FusedSpelling, stacks_and_concatenates_in_place_of_the_first_part) {
  TestFile file(experts);
  ASSERT_TRUE(file.architecture) << file.reported;
  const auto tensors = file.expand(json(R"({"layers": 2, "experts": 3})"));
  const auto fused = file.architecture->respell(tensors, "fused", file.diagnostics);
  ASSERT_TRUE(fused);
  EXPECT_EQ(lines(*fused),
            "m.norm [7]\n"
            "0.ab [3, 4, 5]\n"
            "0.c [3, 5, 2]\n"
            "1.ab [3, 4, 5]\n"
            "1.c [3, 5, 2]\n");
  EXPECT_TRUE(fused->at(1).required());
  EXPECT_TRUE(fused->at(2).optional);
}

TEST(FusedSpelling, leaves_what_does_not_fit_together) {
  TestFile file(experts);
  ASSERT_TRUE(file.architecture) << file.reported;
  const auto tensors = file.expand(json(R"({"layers": 1, "experts": 2, "wide": 3})"));
  const auto fused = file.architecture->respell(tensors, "fused", file.diagnostics);
  ASSERT_TRUE(fused);
  EXPECT_EQ(lines(*fused),
            "m.norm [7]\n"
            "m.0.0.a [3, 5]\n"
            "m.0.0.b [3, 5]\n"
            "0.c [2, 5, 2]\n"
            "m.0.1.a [2, 5]\n"
            "m.0.1.b [2, 5]\n");
}

struct Fault {
  const char* text;
  const char* code;
  const char* pointed;
};

class ArchitectureFaults : public testing::TestWithParam<Fault> {};

TEST_P(ArchitectureFaults, are_located) {
  TestFile file(GetParam().text);
  if (file.architecture) file.expand(json(R"({"hidden": 3})"));
  ASSERT_TRUE(file.diagnostics.has_errors());
  EXPECT_EQ(file.code(), GetParam().code) << file.first().message;
  EXPECT_EQ(file.pointed(), GetParam().pointed) << file.first().message;
}

INSTANTIATE_TEST_SUITE_P(
    Reading, ArchitectureFaults,
    testing::Values(
        Fault{"architecture: x\ntensor: []", "E130", "tensor"},
        Fault{"architecture: x\ntensors: 3", "E131", "3"},
        Fault{"architecture: x\ntensors: [{ name: {} }]", "E130", "name"},
        Fault{"architecture: x\ntensors: [{ names: { a: 3 } }]", "E131", "3"},
        Fault{"architecture: x\ntensors: [{ names: { a: { buffer: true } } }]", "E132",
              "{ buffer: true }"},
        Fault{"architecture: x\ntensors: [{ names: { a: [4 +] } }]", "E143", ""},
        Fault{"architecture: x\ntensors: [{ names: { a: [hiden] } }]", "E511", "hiden"},
        Fault{"architecture: x\nsizes: { b: c + 1 }\ntensors: [{ names: { a: [b] } }]", "E511",
              "c"},
        Fault{"architecture: x\nsizes: { b: 2 * i }\ntensors: [{ names: { a: [b] } }, "
              "{ for: { i: 0 .. 1 }, names: { c: [b] } }]",
              "E511", "b"},
        Fault{"architecture: x\ntensors: [{ names: { 'a.{i}': [1] } }]", "E511", "i"},
        Fault{"architecture: x\ntensors: [{ prefix: 'p{q}.', names: { a: [1], b: [1] } }]", "E511",
              "q"},
        Fault{"architecture: x\nspellings: { o: { names: { 'a.{x}': 'b.{y}' } } }\n"
              "tensors: [{ names: { a: [1] } }]",
              "E511", "'b.{y}'"},
        Fault{"architecture: x\nspellings: { o: { fused: { 'a.{x}': ['b.{y}'] } } }\n"
              "tensors: [{ names: { a: [1] } }]",
              "E511", "'a.{x}'"},
        Fault{"architecture: x\nspellings: { o: { fused: { a: b } } }\n"
              "tensors: [{ names: { a: [1] } }]",
              "E131", "b"},
        Fault{"architecture: x\ntensors: [{ names: { 'a.{i': [1] } }]", "E513", "{i"},
        Fault{"architecture: x\ntensors: [{ names: { 'a b': [1] } }]", "E513", "a b"},
        Fault{"architecture: x\ntensors: [{ names: { 'a.{b,c d}': [1] } }]", "E513", "b,c d"},
        Fault{"architecture: x\nsizes: { config: 3 }\ntensors: [{ names: { a: [1] } }]", "E514",
              "config"},
        Fault{"architecture: x\nsizes: { not: 3 }\ntensors: [{ names: { a: [1] } }]", "E514",
              "not"},
        Fault{"architecture: x\ntensors: [{ dtype: fp33, names: { a: [1] } }]", "E514", "fp33"},
        Fault{"architecture: x\naccept: ['a.${1 + 1}']\ntensors: [{ names: { a: [1] } }]", "E514",
              "1 + 1"}));

INSTANTIATE_TEST_SUITE_P(
    Expanding, ArchitectureFaults,
    testing::Values(
        Fault{"architecture: x\ntensors: [{ names: { a: [1] } }, { names: { '{a,b}': [2] } }]",
              "E512", "'{a,b}'"},
        Fault{"architecture: x\ntensors: [{ names: { a: [config.hiden] } }]", "E520",
              "config.hiden"},
        Fault{"architecture: x\ntensors: [{ names: { a: [config.hidden - 4] } }]", "E521",
              "config.hidden - 4"},
        Fault{"architecture: x\ntensors: [{ names: { a: [config.hidden / 3] } }]", "E521",
              "config.hidden / 3"},
        Fault{"architecture: x\ntensors: [{ names: { a: [2 ** 40, 2 ** 40] } }]", "E521", "a"},
        Fault{"architecture: x\ntensors: [{ for: { i: config.hidden }, names: { a: [1] } }]",
              "E520", "config.hidden"},
        Fault{"architecture: x\ntensors: [{ where: config.hidden, names: { a: [1] } }]", "E520",
              "config.hidden"},
        Fault{"architecture: x\ntensors: [{ names: { 'a.{config.none}': [1] } }]", "E520",
              "config.none"},
        Fault{"architecture: x\nsizes: { l: '[1]' }\ntensors: [{ names: { 'a.{l}': [1] } }]",
              "E513", "l"},
        Fault{"architecture: x\ntensors: [{ for: { i: 0 .. 10 ** 9 }, names: { 'a.{i}': [] } }]",
              "E520", "0 .. 10 ** 9"},
        Fault{"architecture: x\nsizes: { a: b, b: a }\ntensors: [{ names: { c: [a] } }]", "E155",
              "a"}));

TEST(ArchitectureFaults, a_missing_key_is_told_once_with_the_nearest) {
  TestFile file(R"(
architecture: x
sizes: { text: "config.text_config ?? config" }
tensors:
  - for: { i: 0 .. 4 }
    names: { "a.{i}": [text.hidden_size], "b.{i}": [text.hidden_size] }
)");
  ASSERT_TRUE(file.architecture) << file.reported;
  const Value config = json(R"({"text_config": {"hidden_sise": 4}})");
  EXPECT_FALSE(file.architecture->expand(config, file.diagnostics));
  EXPECT_EQ(file.diagnostics.errors(), 2u);  // two places of the file
  EXPECT_EQ(file.first().message,
            "the config does not fit x: config.text_config.hidden_size is not set in the config");
  EXPECT_EQ(file.first().help, "did you mean 'hidden_sise'?");
}

TEST(ArchitectureFaults, are_shown_where_the_architecture_was_asked_for) {
  TestFile file("architecture: x\ntensors: [{ names: { a: [config.n] } }]");
  const FileId recipe = file.sources.add("recipe.yaml", "target: x");
  EXPECT_FALSE(file.architecture->expand(json("{}"), file.diagnostics, Span{recipe, 8, 9}));
  EXPECT_EQ(file.pointed(), "x");
  EXPECT_EQ(file.sources.text(file.first().secondary.at(0).span), "config.n");
}

TEST(ArchitectureFaults, a_config_cannot_ask_for_endless_tensors) {
  TestFile many(R"(
architecture: x
tensors:
  - for: { i: 0 .. config.layers }
    names:
      "{i}.{0,1,2,3,4,5,6,7,8,9}{0,1,2,3,4,5,6,7,8,9}{0,1,2,3,4,5,6,7,8,9}": [1]
)");
  EXPECT_EQ(many.expand(json(R"({"layers": 10})")).size(), 10'000u);
  EXPECT_TRUE(many.expand(json(R"({"layers": 1001})")).empty());
  EXPECT_EQ(many.code(), "E522");
}

TEST(ArchitectureFaults, alternatives_cannot_multiply_without_bound) {
  std::string name = "a";
  for (int i = 0; i < 60; ++i) name += "{x,y}";
  TestFile file("architecture: x\ntensors: [{ names: { '" + name + "': [1] } }]");
  EXPECT_EQ(file.code(), "E513");
}

TEST(BuiltInArchitectures, are_found_by_name) {
  SourceMap sources;
  Diagnostics diagnostics;
  EXPECT_FALSE(load_architecture("gema4", sources, diagnostics));
  EXPECT_EQ(diagnostics.list().at(0).code, "E510");
  EXPECT_EQ(diagnostics.list().at(0).help, "did you mean 'gemma4'?");
  EXPECT_TRUE(is_architecture_path("./gemma4"));
  EXPECT_TRUE(is_architecture_path("mine.yaml"));
  EXPECT_FALSE(is_architecture_path("gemma4"));
}

TEST(BuiltInArchitectures, are_named_as_their_files) {
  const std::vector<std::string> names = architecture_names();
  EXPECT_FALSE(names.empty());
  for (const std::string& name : names) EXPECT_EQ(built_in(name).name(), name);
}

}  // namespace
}  // namespace inarch
