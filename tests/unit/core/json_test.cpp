#include "compiler/core/json.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace inarch {
namespace {

Value read(std::string_view text) {
  auto result = parse_json(text, "config.json");
  if (!result) ADD_FAILURE() << text << ": " << result.error().message;
  return result ? *result : Value();
}

void expect_fault(std::string_view text, std::string_view part) {
  const auto result = parse_json(text, "config.json");
  ASSERT_FALSE(result) << text;
  EXPECT_EQ(result.error().code, "E420");
  EXPECT_EQ(result.error().subject, "config.json");
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

TEST(ParseJson, KeepsTheOrderOfKeys) {
  const Value value = read(R"({"z": 1, "a": {"y": 2, "b": 3}, "m": []})");
  ASSERT_NE(value.if_map(), nullptr);
  std::string order;
  for (const auto& [key, item] : *value.if_map()) order += key;
  EXPECT_EQ(order, "zam");
  EXPECT_EQ(value.find("a")->if_map()->front().first, "y");
}

TEST(ParseJson, KeepsIntegersApartFromReals) {
  EXPECT_EQ(*read("1").if_int(), 1);
  EXPECT_EQ(*read("-9223372036854775808").if_int(), INT64_MIN);
  EXPECT_EQ(*read("9223372036854775807").if_int(), INT64_MAX);
  EXPECT_EQ(*read("9223372036854775808").if_real(), 9223372036854775808.0);
  EXPECT_EQ(*read("1.0").if_real(), 1.0);
  EXPECT_EQ(*read("1e-6").if_real(), 1e-6);
  EXPECT_TRUE(read("null").is_null());
  EXPECT_EQ(*read("true").if_bool(), true);
  EXPECT_EQ(*read(R"("\u00e9\n")").if_text(), "é\n");
}

TEST(ParseJson, RefusesDuplicateKeysHoweverWritten) {
  expect_fault(R"({"a": 1, "b": 2, "a": 3})", "the key 'a' occurs twice");
  expect_fault(R"({"a": 1, "\u0061": 3})", "the key 'a' occurs twice");
  expect_fault(R"([{"x": {"k": 1, "k": 1}}])", "the key 'k' occurs twice");
  EXPECT_EQ(read(R"({"a": {"k": 1}, "b": {"k": 1}})").if_map()->size(), 2u);
}

TEST(ParseJson, EscapesHostileKeysInMessages) {
  expect_fault("{\"\\u001b[31m\": 1, \"\\u001b[31m\": 2}", "'\\x1b[31m'");
}

TEST(ParseJson, BoundsDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  read(nested(200));
  expect_fault(nested(201), "200");
  expect_fault(std::string(1'000'000, '['), "200");
}

TEST(ParseJson, RefusesWhatIsNotOneDocument) {
  for (const char* text :
       {"", " ", "{", "[1,]", "{\"a\"}", "1 2", "{} x", "nul", "'a'", "{a: 1}", "01", "+1", ".5",
        "NaN", "\"\xFF\"", "\"\xED\xA0\x80\"", "\"\x01\"", "// c\n1"}) {
    expect_fault(text, "not valid JSON");
  }
}

TEST(WriteJson, RoundTripsThroughBothStyles) {
  const char* const compact =
      R"({"z": 1, "a": [1.5, true, null, "x\ny\"\\"], "e": {}, "l": [], "n": -3})";
  const Value value = read(compact);
  EXPECT_EQ(write_json(value, JsonStyle::compact), compact);
  EXPECT_TRUE(read(write_json(value, JsonStyle::indented)) == value);
}

TEST(WriteJson, IndentsAsConfigsAreIndented) {
  EXPECT_EQ(write_json(read(R"({"a": 1, "b": [1, 2], "c": {}, "d": []})"), JsonStyle::indented),
            "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    2\n  ],\n  \"c\": {},\n  \"d\": []\n}\n");
}

TEST(WriteJson, WritesTheShortestRealThatReadsBackEqual) {
  for (const double d : {0.1, 1.0, 1e-6, 1e300, -0.0, 1.0 / 3, 5e-324, 1e22, 123456789.125}) {
    const std::string text = write_json(d, JsonStyle::compact);
    const Value back = read(text);
    ASSERT_NE(back.if_real(), nullptr) << text;
    EXPECT_EQ(*back.if_real(), d) << text;
    EXPECT_EQ(std::signbit(*back.if_real()), std::signbit(d)) << text;
  }
  EXPECT_EQ(write_json(0.1, JsonStyle::compact), "0.1");
  EXPECT_EQ(write_json(1.0, JsonStyle::compact), "1.0");
  EXPECT_EQ(write_json(std::numeric_limits<double>::infinity(), JsonStyle::compact), "null");
}

TEST(JsonQuote, EscapesControlBytesAndKeepsUtf8) {
  EXPECT_EQ(json_quote("a\"\\\n\r\t\x01\x7F é"), R"("a\"\\\n\r\t\u0001\u007f é")");
}

TEST(ReadJson, says_where_the_fault_is) {
  struct Case {
    const char* text;
    std::size_t position;
    const char* message;
  };
  for (const auto& [text, position, message] :
       {Case{"[1,, 2]", 3, "not valid JSON"}, Case{"{\"a\": 1, \"a\": 2}", 11, "occurs twice"},
        Case{"[1, 2", 5, "not valid JSON"}, Case{"", 0, "not valid JSON"},
        Case{R"(["a", "b", "c", "d"])", 18, "more than 3 values"}}) {
    JsonFault fault;
    EXPECT_FALSE(read_json(text, 3, fault)) << text;
    EXPECT_EQ(fault.position, position) << text;
    EXPECT_NE(fault.message.find(message), std::string::npos) << fault.message;
  }
}

TEST(ReadJson, takes_as_many_values_as_allowed) {
  JsonFault fault;
  const auto value = read_json(R"({"a": [1, 2]})", 4, fault);
  ASSERT_TRUE(value) << fault.message;
  EXPECT_EQ(*value, *parse_json(R"({"a": [1, 2]})", "x"));
}

}  // namespace
}  // namespace inarch
