#include "compiler/adapter/module_pattern.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

bool fits(std::string_view pattern, std::string_view module) {
  const auto parsed = ModulePattern::parse(pattern);
  EXPECT_TRUE(parsed.ok()) << pattern;
  return parsed.ok() && parsed->matches(module);
}

std::string fault(std::string_view pattern) {
  const auto parsed = ModulePattern::parse(pattern);
  return parsed.ok() ? "" : parsed.error().code;
}

TEST(ModulePattern, FitsTheEndOfANameFromADotOn) {
  EXPECT_TRUE(fits("q_proj", "model.layers.0.self_attn.q_proj"));
  EXPECT_TRUE(fits("self_attn.q_proj", "model.layers.0.self_attn.q_proj"));
  EXPECT_TRUE(fits("q_proj", "q_proj"));
  EXPECT_FALSE(fits("proj", "model.q_proj"));
  EXPECT_FALSE(fits("q_proj", "model.q_proj.inner"));
}

TEST(ModulePattern, IsARegularExpression) {
  EXPECT_TRUE(fits(R"(layers\.[13]\.self_attn\.(k|v)_proj)", "model.layers.3.self_attn.v_proj"));
  EXPECT_FALSE(fits(R"(layers\.[13]\.self_attn\.(k|v)_proj)", "model.layers.2.self_attn.v_proj"));
  EXPECT_TRUE(fits(R"(layers\.\d+\.mlp\..*)", "model.layers.17.mlp.up_proj"));
  EXPECT_TRUE(fits(R"(layers\.\d{2}\.mlp)", "layers.17.mlp"));
  EXPECT_FALSE(fits(R"(layers\.\d{2}\.mlp)", "layers.7.mlp"));
  EXPECT_TRUE(fits(R"((?:a|b)?x+y*)", "bxx"));
  EXPECT_TRUE(fits(R"([^a-c]_proj)", "m.q_proj"));
  EXPECT_FALSE(fits(R"([^o-r]_proj)", "m.q_proj"));
  EXPECT_TRUE(fits("a{2,3}", "aaa"));
  EXPECT_FALSE(fits("a{2,3}", "aaaa"));
  EXPECT_TRUE(fits("a{x}", "a{x}"));
  EXPECT_TRUE(fits("", "anything."));
}

TEST(ModulePattern, AnchorsAreOfTheWholeName) {
  EXPECT_TRUE(fits("^model.layers.0.q", "model.layers.0.q"));
  EXPECT_FALSE(fits("^layers.0.q", "model.layers.0.q"));
  EXPECT_TRUE(fits("q$", "model.q"));
}

TEST(ModulePattern, TakesNoLongerForPatternsThatAreMadeToTakeLong) {
  EXPECT_FALSE(fits("(a*)*b", std::string(2000, 'a')));
  EXPECT_FALSE(fits("(a|aa)+$c", std::string(2000, 'a')));
}

TEST(ModulePattern, SaysWhatItCannotDo) {
  for (const char* wrong : {"(", ")", "[", "*", "a{3,2}", "[b-a]", "\\"})
    EXPECT_EQ(fault(wrong), "E331") << wrong;
  for (const char* other : {"(?=a)", "(?!a)", "(a)\\1", "\\bq", "((a{1000}){1000}){1000}"})
    EXPECT_EQ(fault(other), "E332") << other;
  EXPECT_EQ(fault(std::string(100, '(') + std::string(100, ')')), "E332");
}

}  // namespace
}  // namespace inarch
