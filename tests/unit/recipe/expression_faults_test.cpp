#include "tests/unit/recipe/expression_test_support.h"

namespace inarch {
namespace {

struct Fault {
  const char* text;
  const char* code;
  const char* pointed;
};

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, have_their_code_and_point_at_the_sub_expression) {
  const Evaluated result = run(GetParam().text);
  EXPECT_FALSE(result.value.has_value());
  EXPECT_EQ(result.diagnostics.errors(), 1u);
  EXPECT_EQ(result.code(), GetParam().code) << GetParam().text << ": " << result.message();
  EXPECT_EQ(result.pointed(), GetParam().pointed) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Parsing, Faults,
    testing::Values(Fault{"1 + @", "E140", "@"}, Fault{"1 + é", "E140", "é"},
                    Fault{"x == 'abc", "E141", "'abc"}, Fault{"'a\\n'", "E141", "\\n"},
                    Fault{"1_000 + 1", "E142", "1_000"}, Fault{"1 + 017", "E142", "017"},
                    Fault{"12ab", "E142", "12ab"}, Fault{"0x", "E142", "0x"},
                    Fault{"99999999999999999999", "E142", "99999999999999999999"},
                    Fault{"1 +", "E143", ""}, Fault{"1 2", "E143", "2"},
                    Fault{"1 if true", "E143", ""}, Fault{"a.5", "E143", "5"},
                    Fault{"a.[1]", "E143", "["}, Fault{"[x for in y]", "E143", "in"},
                    Fault{"(1 + 2", "E144", ""}, Fault{"[1, 2)", "E144", ")"},
                    Fault{"frob(1)", "E145", "frob"}, Fault{"1 + abs(1, 2)", "E145", "abs(1, 2)"},
                    Fault{"", "E148", ""}, Fault{"  ", "E148", ""}, Fault{"1 && 2", "E149", "&&"},
                    Fault{"1 = 2", "E149", "="}, Fault{"!true", "E149", "!"},
                    Fault{"2 ^ 3", "E149", "^"}, Fault{"1 === 2", "E149", "==="}));

INSTANTIATE_TEST_SUITE_P(
    Evaluating, Faults,
    testing::Values(
        Fault{"1 + layers", "E150", "layers"}, Fault{"q in [q]", "E150", "q"},
        Fault{"1 + true", "E151", "1 + true"}, Fault{"2 * ('a' + 1)", "E151", "'a' + 1"},
        Fault{"not 1", "E151", "1"}, Fault{"1 and true", "E151", "1"},
        Fault{"1 if 2 else 3", "E151", "2"}, Fault{"'a' < 1", "E151", "'a' < 1"},
        Fault{"-'a'", "E151", "-'a'"}, Fault{"1 in 2", "E151", "2"},
        Fault{"[x for x in 3]", "E151", "3"}, Fault{"0 .. 1.5", "E151", "0 .. 1.5"},
        Fault{"len(3)", "E151", "len(3)"}, Fault{"null + 1", "E151", "null"},
        Fault{"[1].x", "E151", "[1].x"}, Fault{"[1]['a']", "E151", "'a'"},
        Fault{"1 + 2 // 0", "E152", "2 // 0"}, Fault{"1 % 0", "E152", "1 % 0"},
        Fault{"1.0 / 0", "E152", "1.0 / 0"}, Fault{"0 ** -1", "E152", "0 ** -1"},
        Fault{"sqrt(-1)", "E152", "sqrt(-1)"}, Fault{"(-8) ** 0.5", "E152", "(-8) ** 0.5"},
        Fault{"[1, 2][2]", "E152", "2"}, Fault{"max([])", "E152", "max([])"},
        Fault{"9223372036854775807 + 1", "E153", "9223372036854775807 + 1"},
        Fault{"2 ** 63", "E153", "2 ** 63"}, Fault{"1e300 * 1e300", "E153", "1e300 * 1e300"},
        Fault{"int(1e19)", "E153", "int(1e19)"}, Fault{"0 .. 1000001", "E154", "0 .. 1000001"},
        Fault{"len(0 .. 2 ** 62)", "E154", "0 .. 2 ** 62"}));

INSTANTIATE_TEST_SUITE_P(Lists, Faults,
                         testing::Values(Fault{"[1, 2][[0, 2]]", "E152", "[0, 2]"},
                                         Fault{"[1, 2][['a']]", "E151", "['a']"},
                                         Fault{"[1, 2][-1 .. 1]", "E152", "-1 .. 1"},
                                         Fault{"zip([1], [])", "E152", "zip([1], [])"},
                                         Fault{"zip([1], 2)", "E151", "zip([1], 2)"},
                                         Fault{"enumerate(3)", "E151", "enumerate(3)"},
                                         Fault{"sort([1, 'a'])", "E151", "sort([1, 'a'])"},
                                         Fault{"argsort([true])", "E151", "argsort([true])"},
                                         Fault{"sort([1], 'down')", "E151", "sort([1], 'down')"},
                                         Fault{"sort([1], true)", "E151", "sort([1], true)"},
                                         Fault{"reverse('a')", "E151", "reverse('a')"},
                                         Fault{"keys([1])", "E151", "keys([1])"},
                                         Fault{"1 + index([1], 2)", "E151", "index([1], 2)"},
                                         Fault{"[x for x, y in 0 .. 2]", "E151", "0 .. 2"},
                                         Fault{"[x for x, y in [[1]]]", "E151", "[[1]]"},
                                         Fault{"[x for x, in y]", "E143", "in"},
                                         Fault{"len(flatten([0 .. 600000, 0 .. 600000]))", "E154",
                                               "flatten([0 .. 600000, 0 .. 600000])"}));

INSTANTIATE_TEST_SUITE_P(
    Texts, Faults,
    testing::Values(Fault{"replace('a', '', 'b')", "E152", "replace('a', '', 'b')"},
                    Fault{"split('a', '')", "E152", "split('a', '')"},
                    Fault{"join(['a', [1]], '')", "E151", "join(['a', [1]], '')"},
                    Fault{"join('a', 'b')", "E151", "join('a', 'b')"},
                    Fault{"len(replace(join([k for k in 0 .. 100000], ','), ',', "
                          "'..............................'))",
                          "E154",
                          "replace(join([k for k in 0 .. 100000], ','), ',', "
                          "'..............................')"},
                    Fault{"log(0)", "E152", "log(0)"}, Fault{"exp(1000)", "E153", "exp(1000)"}));

TEST(ExpressionFaults, minimum_integer_has_no_negation_or_quotient) {
  EXPECT_EQ(run("-(-9223372036854775807 - 1)").code(), "E153");
  EXPECT_EQ(run("(-9223372036854775807 - 1) // -1").code(), "E153");
  EXPECT_EQ(run("(-9223372036854775807 - 1) % -1").json(), "0");
}

TEST(ExpressionFaults, a_million_items_are_allowed_and_no_more) {
  EXPECT_EQ(run("len(0 .. 1000000)").json(), "1000000");
  EXPECT_EQ(run("len(0 .. 1000001)").code(), "E154");
}

TEST(ExpressionFaults, an_unknown_name_suggests_the_nearest) {
  Scope scope;
  scope.set("layers", 4);
  EXPECT_EQ(run("layrs + 1", scope).help(), "did you mean 'layers'?");
  EXPECT_EQ(run("True", scope).help(), "write true");
  EXPECT_EQ(run("rnage(3)").help(), "did you mean 'range'?");
  EXPECT_EQ(run("017").help(), "write 17");
  EXPECT_EQ(run("1_000").help(), "write 1000");
  EXPECT_EQ(run("a && b").help(), "write 'and'");
}

TEST(ExpressionFaults, arithmetic_on_a_missing_key_names_the_path_and_the_nearest_key) {
  const Value text = from_json(R"({"config":{"hidden_size":8,"rope":null}})");
  Scope scope;
  scope.set_reference("text", &text);
  const Evaluated typo = run("text.config.hidden_sise * 2", scope);
  EXPECT_EQ(typo.code(), "E151");
  EXPECT_EQ(typo.message(), "text.config.hidden_sise is not set in the config");
  EXPECT_EQ(typo.help(), "did you mean 'hidden_size'?");
  EXPECT_EQ(typo.pointed(), "text.config.hidden_sise");
  const Evaluated deep = run("1 + text.confg.a.b", scope);
  EXPECT_EQ(deep.message(), "text.confg is not set");
  EXPECT_EQ(deep.help(), "did you mean 'config'?");
  EXPECT_EQ(run("text.config.rope + 1", scope).message(), "text.config.rope is null in the config");
  EXPECT_EQ(run("text.config['q'] + 1", scope).message(),
            "text.config[q] is not set in the config");
}

TEST(ExpressionFaults, a_missing_key_behind_a_definition_is_still_named) {
  const Value text = from_json(R"({"config":{"hidden_size":8}})");
  Scope scope;
  scope.set_reference("text", &text);
  scope.set_lazy("width", parsed("text.config.hidden ?? text.config.width"));
  EXPECT_EQ(run("width * 2", scope).message(), "text.config.width is not set in the config");
}

TEST(ExpressionFaults, a_path_through_a_definition_is_shown_in_full) {
  const Value config = from_json(R"({"text_config":{"hidden_size":8}})");
  Scope scope;
  scope.set_reference("config", &config);
  scope.set_lazy("text", parsed("config.text_config ?? config"));
  const Evaluated result = run("text.hidden_sise * 2", scope);
  EXPECT_EQ(result.message(), "config.text_config.hidden_sise is not set in the config");
  EXPECT_EQ(result.help(), "did you mean 'hidden_size'?");
}

TEST(ExpressionFaults, a_definition_by_itself_shows_the_circle) {
  Scope scope;
  scope.set_lazy("a", parsed("b + 1"));
  scope.set_lazy("b", parsed("c"));
  scope.set_lazy("c", parsed("a"));
  const Evaluated result = run("a", scope);
  EXPECT_EQ(result.code(), "E155");
  EXPECT_EQ(result.diagnostics.errors(), 1u);
  EXPECT_EQ(result.diagnostics.list()[0].primary.text, "a → b → c → a");
}

TEST(ExpressionFaults, growth_is_bounded) {
  Scope scope;
  scope.set_lazy("d0", parsed("range(100000)"));
  for (int i = 1; i <= 60; ++i) {
    const std::string previous = "d" + std::to_string(i - 1);
    scope.set_lazy("d" + std::to_string(i), parsed(previous + " + " + previous));
  }
  EXPECT_EQ(run("d60", scope).code(), "E154");
  EXPECT_EQ(run("[max(range(1000000)) for i in 0 .. 1000]").code(), "E154");
}

TEST(ExpressionFaults, depth_is_bounded_however_it_is_written) {
  const auto repeated = [](std::string_view part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
  };
  EXPECT_EQ(run(repeated("(", 20000)).code(), "E146");
  EXPECT_EQ(run(repeated("-", 20000) + "1").code(), "E146");
  EXPECT_EQ(run(repeated("not ", 20000) + "true").code(), "E146");
  EXPECT_EQ(run(repeated("2 ** ", 20000) + "1").code(), "E146");
  EXPECT_EQ(run("1" + repeated(" + 1", 20000)).code(), "E146");
  EXPECT_EQ(run("1" + repeated(" < 2", 20000)).code(), "E146");
  EXPECT_EQ(run(repeated("[", 20000)).code(), "E146");
  EXPECT_EQ(run("a" + repeated(".a", 20000)).code(), "E146");
  EXPECT_EQ(run("1" + repeated(" if true else 1", 20000)).code(), "E146");
  EXPECT_EQ(run("1" + repeated(" + 1", 150)).json(), "151");
  Scope scope;
  scope.set_lazy("d0", parsed("1"));
  for (int i = 1; i <= 5000; ++i) {
    scope.set_lazy("d" + std::to_string(i), parsed("d" + std::to_string(i - 1)));
  }
  EXPECT_EQ(run("d5000", scope).code(), "E146");
  EXPECT_TRUE(free_names(*parsed("d5000"), scope).empty());
}

TEST(ExpressionSpans, a_quoted_scalar_is_shifted_by_its_quote) {
  SourceMap sources;
  const FileId file = sources.add("r.yaml", "where: \"i < layrs\"\n");
  const std::string text = "i < layrs";
  Diagnostics diagnostics;
  const ExprPtr e = parse_expression(text, Span{file, 7, 18}, diagnostics);
  ASSERT_TRUE(e);
  EXPECT_EQ(sources.text(e->items[1]->span), "layrs");
}

TEST(ExpressionSpans, a_scalar_of_another_length_is_known_as_a_whole) {
  SourceMap sources;
  const FileId file = sources.add("r.yaml", "where: 'p == ''q'''\n");
  Diagnostics diagnostics;
  const ExprPtr e = parse_expression("p == 'q'", Span{file, 7, 19}, diagnostics);
  ASSERT_TRUE(e);
  EXPECT_EQ(sources.text(e->items[0]->span), "'p == ''q'''");
}

}  // namespace
}  // namespace inarch
