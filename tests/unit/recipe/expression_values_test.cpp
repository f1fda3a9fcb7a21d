#include "compiler/core/catalog.h"
#include "tests/unit/recipe/expression_test_support.h"

namespace inarch {
namespace {

struct Case {
  const char* text;
  const char* json;
};

class Values : public testing::TestWithParam<Case> {};

TEST_P(Values, are_what_the_reference_says) {
  const Evaluated result = run(GetParam().text);
  EXPECT_EQ(result.json(), GetParam().json) << GetParam().text;
  EXPECT_FALSE(result.diagnostics.has_errors());
}

INSTANTIATE_TEST_SUITE_P(Arithmetic, Values,
                         testing::Values(Case{"1 + 2 * 3", "7"}, Case{"(1 + 2) * 3", "9"},
                                         Case{"7 // 2", "3"}, Case{"-7 // 2", "-4"},
                                         Case{"-7 % 3", "2"}, Case{"7 % -3", "-2"},
                                         Case{"6 / 4", "1.5"}, Case{"-2 ** 2", "-4"},
                                         Case{"2 ** 3 ** 2", "512"}, Case{"2 ** -1", "0.5"},
                                         Case{"10 - 4 - 3", "3"}, Case{"0x10 + 0o10", "24"},
                                         Case{"1e3 == 1000", "true"}, Case{".5 + .5 == 1", "true"},
                                         Case{"1.5 // 1 == 1", "true"}, Case{"'a' + 'b'", "\"ab\""},
                                         Case{"[1] + [2, 3]", "[1, 2, 3]"}, Case{"- -3", "3"},
                                         Case{"9223372036854775807", "9223372036854775807"}));

INSTANTIATE_TEST_SUITE_P(
    Logic, Values,
    testing::Values(Case{"not true or true", "true"}, Case{"true or false and false", "true"},
                    Case{"not 1 == 2", "true"}, Case{"1 < 2 <= 2 < 3", "true"},
                    Case{"1 < 3 < 2", "false"}, Case{"2 == 2.0", "true"}, Case{"'a' < 'b'", "true"},
                    Case{"null == null", "true"}, Case{"null ?? 4", "4"}, Case{"0 ?? 4", "0"},
                    Case{"null ?? null ?? 5", "5"}, Case{"null ?? 2 == 2", "true"},
                    Case{"1 if 2 > 3 else 4", "4"}, Case{"1 if false else 2 if false else 3", "3"},
                    Case{"false and 1 // 0 == 0", "false"}, Case{"true or 1 // 0 == 0", "true"}));

INSTANTIATE_TEST_SUITE_P(
    Sets, Values,
    testing::Values(Case{"0 .. 3", "[0, 1, 2]"}, Case{"3..3", "[]"}, Case{"5 .. 2", "[]"},
                    Case{"'q' in [q, k]", "true"}, Case{"'v' not in [q, k]", "true"},
                    Case{"3 in 0 .. 4", "true"}, Case{"4 in 0 .. 4", "false"},
                    Case{"4 not in 0 .. 4", "true"}, Case{"2.5 in 0 .. 4", "false"},
                    Case{"5 in 0 .. 4 + 2", "true"},
                    Case{"[i * i for i in 0 .. 4]", "[0, 1, 4, 9]"},
                    Case{"[i for i in 0 .. 9 if i % 4 == 3]", "[3, 7]"},
                    Case{"[[j for j in 0 .. i] for i in 1 .. 3]", "[[0], [0, 1]]"},
                    Case{"[10, 20, 30][1]", "20"}, Case{"[1, 2,]", "[1, 2]"}, Case{"[]", "[]"},
                    Case{"[0 .. 2, 5 .. 7]", "[[0, 1], [5, 6]]"}));

INSTANTIATE_TEST_SUITE_P(
    Functions, Values,
    testing::Values(Case{"min(3, 1, 2)", "1"}, Case{"max([3, 1, 2])", "3"}, Case{"abs(-3)", "3"},
                    Case{"sqrt(9) == 3", "true"}, Case{"floor(-1.5)", "-2"}, Case{"ceil(1.2)", "2"},
                    Case{"round(2.5)", "2"}, Case{"round(3.5)", "4"}, Case{"len('abc')", "3"},
                    Case{"sum(0 .. 5)", "10"}, Case{"sum([])", "0"}, Case{"int('12')", "12"},
                    Case{"int(-1.9)", "-1"}, Case{"text(12) + 'x'", "\"12x\""},
                    Case{"text(null)", "\"null\""}, Case{"range(3)", "[0, 1, 2]"},
                    Case{"range(1, 10, 4)", "[1, 5, 9]"}, Case{"contains('abc', 'bc')", "true"},
                    Case{"contains([1, 2], 3)", "false"}, Case{"starts_with('abc', 'ab')", "true"},
                    Case{"ends_with('abc', 'ab')", "false"}, Case{"'it\\'s'", "\"it's\""}));

INSTANTIATE_TEST_SUITE_P(
    Lists, Values,
    testing::Values(Case{"[10, 20, 30, 40][1 .. 3]", "[20, 30]"},
                    Case{"[10, 20, 30][[2, 0, 2]]", "[30, 10, 30]"}, Case{"[1][[]]", "[]"},
                    Case{"enumerate(['a', 'b'])", "[[0, \"a\"], [1, \"b\"]]"},
                    Case{"zip([1, 2], 'a' if false else [3, 4])", "[[1, 3], [2, 4]]"},
                    Case{"zip([])", "[]"}, Case{"flatten([0 .. 2, 5, [[6]]])", "[0, 1, 5, [6]]"},
                    Case{"gradient([0, 1, 0], 1, 5)", "0.5"}, Case{"gradient([2, 4], 3, 4)", "4.0"},
                    Case{"gradient([2, 4], 0, 1)", "4.0"}, Case{"gradient([3], 1, 3)", "3.0"},
                    Case{"index([4, 5, 5], 5)", "1"}, Case{"index([4, 5], 9) ?? -1", "-1"},
                    Case{"sort([3, 1.5, 2])", "[1.5, 2, 3]"},
                    Case{"sort(['b', 'a'])", "[\"a\", \"b\"]"},
                    Case{"sort([1, 3, 2], 'descending')", "[3, 2, 1]"},
                    Case{"argsort([5, 1, 5, 0])", "[3, 1, 0, 2]"},
                    Case{"argsort([5, 1, 5, 0], 'descending')", "[0, 2, 1, 3]"},
                    Case{"argsort([])", "[]"}, Case{"reverse(0 .. 3)", "[2, 1, 0]"},
                    Case{"unique([2, 1, 2.0, '2', 1, [1], [1.0]])", "[2, 1, \"2\", [1]]"},
                    Case{"unique([['a,', 'b'], ['a', ',b']])",
                         "[[\"a,\", \"b\"], [\"a\", \",b\"]]"},
                    Case{"[x * y for x, y in zip(1 .. 3, [5, 7])]", "[5, 14]"},
                    Case{"[k for k, x in enumerate([3, 0, 4]) if x > 1]", "[0, 2]"}));

INSTANTIATE_TEST_SUITE_P(Texts, Values,
                         testing::Values(Case{"replace('a.b.c', '.', '-')", "\"a-b-c\""},
                                         Case{"replace('aaa', 'aa', 'b')", "\"ba\""},
                                         Case{"split('a.b', '.')", "[\"a\", \"b\"]"},
                                         Case{"split('', '.')", "[\"\"]"},
                                         Case{"split('.', '.')", "[\"\", \"\"]"},
                                         Case{"join(['a', 1, 2.5], '-')", "\"a-1-2.5\""},
                                         Case{"join([], '-')", "\"\""},
                                         Case{"log(exp(2)) == 2", "true"}, Case{"exp(0)", "1.0"}));

TEST(ExpressionScope, mappings_have_keys_and_values) {
  const Value map = from_json(R"({"b": 1, "a": [2]})");
  Scope scope;
  scope.set_reference("map", &map);
  EXPECT_EQ(run("keys(map)", scope).json(), "[\"b\", \"a\"]");
  EXPECT_EQ(run("values(map)", scope).json(), "[1, [2]]");
}

TEST(ExpressionScope, several_names_hide_others_in_a_comprehension) {
  Scope scope;
  scope.set("x", Value(7));
  scope.set_lazy("pairs", parsed("[[a, b] for a, b in zip([x], [y])]"));
  EXPECT_EQ(free_names(*parsed("[i + n for i, n in enumerate(pairs) if i < m]"), scope),
            (std::set<std::string>{"x", "y", "m"}));
}

TEST(ExpressionScope, shapes_are_those_of_the_sources_tensors) {
  Checkpoint checkpoint;
  checkpoint.tensors = {{"layers.1.w", DType::bf16, {4, 2}, 0, 0, 16},
                        {"one", DType::f32, {}, 0, 16, 4}};
  checkpoint.build_index();
  const std::vector<const Checkpoint*> one = {&checkpoint}, two = {&checkpoint, &checkpoint};
  const Value config = from_json(R"({"config": {"n": 1}})");
  const Value configs = from_json(R"([{"config": {"n": 1}}, {"config": {"n": 2}}])");
  Scope scope;
  scope.set_source("a", &config, one);
  scope.set_source("list", &configs, two);
  scope.set_source("output", &config);
  scope.set_lazy("alias", parsed("list[i]"));
  scope.set("i", Value(1));
  EXPECT_EQ(run("a.shape['layers.' + text(i) + '.w'][0]", scope).json(), "4");
  EXPECT_EQ(run("a.shape['one']", scope).json(), "[]");
  EXPECT_EQ(run("alias.shape['layers.1.w']", scope).json(), "[4, 2]");
  EXPECT_EQ(run("[s.shape['layers.1.w'][1] + s.config.n for s in list]", scope).json(), "[3, 4]");
  EXPECT_EQ(run("a.shape['layers.2.w']", scope).code(), "E204");
  EXPECT_EQ(run("a.shape['layers.2.w']", scope).help(), "did you mean 'layers.1.w'?");
  EXPECT_EQ(run("a.shape[0]", scope).code(), "E151");
  EXPECT_EQ(run("a.shape", scope).code(), "E150");
  EXPECT_EQ(run("output.shape['one']", scope).code(), "E150");
  EXPECT_EQ(run("list.shape['one']", scope).code(), "E151");
}

TEST(ExpressionScope, members_reach_into_a_config_that_is_lent) {
  const Value text = from_json(R"({"config":{"hidden_size":8,"layer_types":["a","b"]}})");
  Scope scope;
  scope.set_reference("text", &text);
  EXPECT_EQ(run("text.config.hidden_size * 2", scope).json(), "16");
  EXPECT_EQ(run("text.config.layer_types[1]", scope).json(), "\"b\"");
  EXPECT_EQ(run("text.config.missing", scope).json(), "null");
  EXPECT_EQ(run("text.config.missing.deeper ?? 3", scope).json(), "3");
}

TEST(ExpressionScope, a_key_that_is_null_is_told_from_one_that_is_not_there) {
  const Value text = from_json(R"({"config":{"rank":null}})");
  Scope scope;
  scope.set_reference("text", &text);
  EXPECT_EQ(run("'rank' in text.config", scope).json(), "true");
  EXPECT_EQ(run("'width' in text.config", scope).json(), "false");
  EXPECT_EQ(run("'width' not in text.config", scope).json(), "true");
  EXPECT_EQ(run("text.config.rank if 'rank' in text.config else 7", scope).json(), "null");
  EXPECT_EQ(run("text.config.width if 'width' in text.config else 7", scope).json(), "7");
}

TEST(ExpressionScope, a_list_of_sources_is_indexed) {
  const Value experts = from_json(R"([{"config":{"x":1}},{"config":{"x":2}}])");
  Scope scope;
  scope.set_reference("experts", &experts);
  EXPECT_EQ(run("experts[1].config.x", scope).json(), "2");
}

TEST(ExpressionScope, an_integer_indexes_a_mapping_by_its_text) {
  Scope scope;
  scope.set("per_layer", from_json(R"({"5":{"head_dim":512}})"));
  EXPECT_EQ(run("[(per_layer[i].head_dim ?? 256) for i in [4, 5]]", scope).json(), "[256, 512]");
}

TEST(ExpressionScope, an_integer_indexes_keys_that_are_padded_with_zeros) {
  Scope scope;
  scope.set("per_layer", from_json(R"({"05":{"head_dim":512},"11":{"head_dim":128},"5x":1})"));
  EXPECT_EQ(run("[(per_layer[i].head_dim ?? 256) for i in [5, 11, 50]]", scope).json(),
            "[512, 128, 256]");
  EXPECT_EQ(run("per_layer['5']", scope).json(), "null");
}

TEST(ExpressionScope, inner_names_hide_outer_ones) {
  Scope outer;
  outer.set("i", 1);
  outer.set("j", 2);
  Scope inner(&outer);
  inner.set("i", 10);
  EXPECT_EQ(run("i + j", inner).json(), "12");
}

TEST(ExpressionScope, a_definition_is_evaluated_where_it_is_used) {
  Scope outer;
  outer.set_lazy("full", parsed("(i + 1) % 6 == 0"));
  Scope inner(&outer);
  inner.set("i", 5);
  EXPECT_EQ(run("full", inner).json(), "true");
  EXPECT_EQ(run("[i for i in 0 .. 12 if full]", outer).json(), "[5, 11]");
  EXPECT_EQ(run("[full, [full for i in 4 .. 6], full]", inner).json(),
            "[true, [false, true], true]");
}

TEST(ExpressionScope, a_bound_word_in_a_list_after_in_is_its_value) {
  Scope scope;
  scope.set("p", "v");
  scope.set("k", "v");
  EXPECT_EQ(run("p in [q, k]", scope).json(), "true");
}

TEST(ExpressionScope, free_names_follow_definitions_and_leave_out_what_is_bound) {
  Scope scope;
  scope.set("layers", 4);
  scope.set_lazy("full", parsed("(i + 1) % step == 0"));
  const ExprPtr e = parsed("full and i < layers and p in [q, k] and [j for j in 0 .. n if j > m]");
  const std::set<std::string> expected = {"i", "layers", "m", "n", "p", "step"};
  EXPECT_EQ(free_names(*e, scope), expected);
}

TEST(ExpressionScope, free_names_end_on_circular_definitions) {
  Scope scope;
  scope.set_lazy("a", parsed("b + x"));
  scope.set_lazy("b", parsed("a + y"));
  const std::set<std::string> expected = {"x", "y"};
  EXPECT_EQ(free_names(*parsed("a"), scope), expected);
}

}  // namespace
}  // namespace inarch
