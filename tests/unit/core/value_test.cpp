#include "compiler/core/value.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

Value sample() {
  return Value::Map{{"text_config", Value::Map{{"hidden_size", 1152},
                                               {"layer_types", Value::List{"full", "sliding"}}}},
                    {"tie", true},
                    {"eps", 1e-6}};
}

TEST(Value, FindsAlongAPath) {
  const Value value = sample();
  EXPECT_EQ(*value.find_path("text_config.hidden_size")->if_int(), 1152);
  EXPECT_EQ(*value.find_path("text_config.layer_types.1")->if_text(), "sliding");
  EXPECT_EQ(value.find_path(""), &value);
  for (const char* path :
       {"nothing", "text_config.nothing", "tie.x", "text_config.layer_types.2",
        "text_config.layer_types.x", "text_config.layer_types.-1", "text_config.layer_types.1x"}) {
    EXPECT_EQ(value.find_path(path), nullptr) << path;
  }
  EXPECT_EQ(value.find("hidden_size"), nullptr);
  EXPECT_EQ(Value(3).find("x"), nullptr);
}

TEST(Value, SetsAlongAPathAndKeepsOrder) {
  Value value = sample();
  EXPECT_TRUE(value.set_path("text_config.hidden_size", 640));
  EXPECT_TRUE(value.set_path("vision.layers.count", 27));
  EXPECT_EQ(*value.find_path("text_config.hidden_size")->if_int(), 640);
  EXPECT_EQ(*value.find_path("vision.layers.count")->if_int(), 27);
  EXPECT_EQ(value.if_map()->front().first, "text_config");
  EXPECT_EQ(value.if_map()->back().first, "vision");
  EXPECT_FALSE(value.set_path("tie.x", 1));
  EXPECT_EQ(*value.find("tie")->if_bool(), true);
  Value empty;
  EXPECT_TRUE(empty.set_path("a.b", 1));
  EXPECT_EQ(*empty.find_path("a.b")->if_int(), 1);
}

TEST(Value, RemovesAlongAPath) {
  Value value = sample();
  EXPECT_TRUE(value.remove_path("text_config.hidden_size"));
  EXPECT_EQ(value.find_path("text_config.hidden_size"), nullptr);
  EXPECT_NE(value.find_path("text_config.layer_types"), nullptr);
  EXPECT_FALSE(value.remove_path("text_config.hidden_size"));
  EXPECT_FALSE(value.remove_path("tie.x"));
  EXPECT_TRUE(value.remove_path("tie"));
  EXPECT_EQ(value.if_map()->size(), 2u);
}

TEST(Value, ComparesNumbersByValue) {
  EXPECT_TRUE(Value(2) == Value(2.0));
  EXPECT_FALSE(Value(2) == Value(2.5));
  EXPECT_FALSE(Value(1) == Value(true));
  EXPECT_FALSE(Value("1") == Value(1));
  EXPECT_FALSE(Value(INT64_MAX) == Value(INT64_MAX - 1));
  EXPECT_TRUE(sample() == sample());
  EXPECT_TRUE((Value(Value::List{1, 2.0}) == Value(Value::List{1.0, 2})));
}

TEST(Value, NamesItsKindForPeople) {
  EXPECT_EQ(Value().kind(), "null");
  EXPECT_EQ(Value(true).kind(), "a boolean");
  EXPECT_EQ(Value(1).kind(), "an integer");
  EXPECT_EQ(Value(1.5).kind(), "a number");
  EXPECT_EQ(Value("x").kind(), "text");
  EXPECT_EQ(Value(Value::List{}).kind(), "a list");
  EXPECT_EQ(Value(Value::Map{}).kind(), "a mapping");
}

TEST(Value, BecomesTextForNames) {
  EXPECT_EQ(to_text(Value("a b")), "a b");
  EXPECT_EQ(to_text(Value(12)), "12");
  EXPECT_EQ(to_text(Value(Value::List{1, "x"})), R"([1, "x"])");
}

}  // namespace
}  // namespace inarch
