#include "compiler/recipe/name_pattern.h"

#include <gtest/gtest.h>

#include "compiler/recipe/name_tree.h"

namespace inarch {
namespace {

struct Names {
  NameTree tree;
  std::size_t count = 0;
  Names& add(const std::string& name) {
    tree.add(name, count++);
    return *this;
  }
};

/// "0 i=1 p=q; 3 i=2 p=k": what fits, with captures.
std::string fits(const Names& names, const std::string& text, const Scope& scope = Scope()) {
  Diagnostics diagnostics;
  const auto pattern = parse_name_pattern(text, {}, diagnostics);
  const auto resolved = pattern ? resolve(*pattern, scope, diagnostics) : std::nullopt;
  if (!resolved) return diagnostics.list().empty() ? "nothing" : diagnostics.list().front().code;
  std::string out;
  for (const NameTree::Match& match : names.tree.match(*resolved)) {
    if (!out.empty()) out += "; ";
    out += std::to_string(match.index);
    for (const auto& [name, value] : match.captures) out += " " + name + "=" + value;
  }
  return out;
}

Names layers() {
  return Names()
      .add("layers.0.q_proj.weight")
      .add("layers.0.k_proj.weight")
      .add("layers.10.q_proj.weight")
      .add("layers.10.q_proj.bias")
      .add("norm.weight");
}

TEST(NamePattern, CapturesSegmentsAndPartsOfThem) {
  EXPECT_EQ(fits(layers(), "layers.{i}.q_proj.weight"), "0 i=0; 2 i=10");
  EXPECT_EQ(fits(layers(), "layers.{i}.{p}_proj.weight"), "0 i=0 p=q; 1 i=0 p=k; 2 i=10 p=q");
  EXPECT_EQ(fits(layers(), "layers.1{i}.q_proj.{w}"), "2 i=0 w=weight; 3 i=0 w=bias");
  EXPECT_EQ(fits(layers(), "{x}.weight"), "4 x=norm");
  EXPECT_EQ(fits(layers(), "norm.weight"), "4");
  EXPECT_EQ(fits(layers(), "layers"), "");
}

TEST(NamePattern, TheFirstOfTwoCapturesIsAsShortAsItCanBe) {
  EXPECT_EQ(fits(Names().add("a-b-c"), "{x}-{y}"), "0 x=a y=b-c");
  EXPECT_EQ(fits(Names().add("abc"), "{x}{y}"), "0 x=a y=bc");
  EXPECT_EQ(fits(Names().add("a"), "{x}{y}"), "");
}

TEST(NamePattern, ARepeatedCaptureTakesTheSameText) {
  const Names names = Names().add("a.a").add("a.b").add("x1_1").add("x1_2").add("p.q.z.p.q");
  EXPECT_EQ(fits(names, "{x}.{x}"), "0 x=a");
  EXPECT_EQ(fits(names, "x{i}_{i}"), "2 i=1");
  EXPECT_EQ(fits(names, "{r...}.z.{r...}"), "4 r=p.q");
}

TEST(NamePattern, RestsTakeOneOrMoreSegments) {
  const Names names = Names().add("v.a").add("v.a.b.c").add("v").add("w.a.b");
  EXPECT_EQ(fits(names, "v.{rest...}"), "0 rest=a; 1 rest=a.b.c");
  EXPECT_EQ(fits(names, "{rest...}.b"), "3 rest=w.a");
  EXPECT_EQ(fits(names, "{rest...}"), "0 rest=v.a; 1 rest=v.a.b.c; 2 rest=v; 3 rest=w.a.b");
  EXPECT_EQ(fits(names, "v{rest...}"), "E120");
}

TEST(NamePattern, ANameThatFitsInSeveralWaysCountsOnce) {
  EXPECT_EQ(fits(Names().add("a.b.c"), "{x...}.{y...}"), "0 x=a y=b.c");
}

TEST(NamePattern, TakesValuesFromTheScope) {
  Scope scope;
  scope.set("i", Value(9));
  scope.set("prefix", Value("layers"));
  Diagnostics ignored;
  scope.set_lazy("alias", parse_expression("prefix", {}, ignored));
  EXPECT_EQ(fits(layers(), "${prefix}.{i + 1}.q_proj.bias", scope), "3");
  EXPECT_EQ(fits(layers(), "{alias}.{k}.k_proj.weight", scope), "1 k=0");
  EXPECT_EQ(fits(layers(), "${unknown}.weight", scope), "E150");
}

TEST(NamePattern, RefusesBracesThatAreNone) {
  for (const char* text : {"a.{", "a.{}", "a.{i", "a.{1x...}"})
    EXPECT_EQ(fits(layers(), text), "E120") << text;
}

/// As (a+)+$ does to a matcher that tries all ways.
TEST(NamePattern, Fault13ManyCapturesDoNotTryAllWays) {
  const Names xs = Names().add(std::string(400, 'x')).add(std::string(400, 'x') + "y");
  EXPECT_EQ(fits(xs, "{a}x{b}x{c}x{d}x{e}x{f}x{g}z"), "");
  EXPECT_EQ(fits(xs, "{a}{b}{c}{d}{e}{f}z"), "");
  EXPECT_TRUE(fits(xs, "{a}x{b}x{c}x{d}y").starts_with("1 a=x b=x c=x d=xxx"));
  EXPECT_EQ(fits(xs, "{a}x{b}x{c}{a}{a}z"), "");
}

TEST(NamePattern, Fault13ManyRestsDoNotTryAllWays) {
  std::string dotted = "a";
  for (int i = 0; i < 1000; ++i) dotted += ".a";
  const Names names = Names().add(dotted).add("a.a.a.a.b");
  EXPECT_EQ(fits(names, "{p...}.{q...}.{r...}.{s...}.{t...}.z"), "");
  EXPECT_EQ(fits(names, "{p...}.{q...}.{r...}.b"), "1 p=a q=a r=a.a");
}

/// Looking up a name of known parts must not search: 48,000 lookups among 145,000 names would take
/// minutes if each went through its siblings.
TEST(NamePattern, ManyLookupsAmongManyNamesAreQuick) {
  Names names;
  for (int i = 0; i < 145000; ++i) names.add("w" + std::to_string(i) + ".weight");
  Diagnostics diagnostics;
  const auto pattern = parse_name_pattern("w{i}.weight", {}, diagnostics);
  const auto open = resolve(*pattern, Scope(), diagnostics);
  EXPECT_EQ(names.tree.match(*open).size(), 145000u);
  for (int i = 0; i < 48000; ++i) {
    Scope scope;
    scope.set("i", Value(i));
    const auto known = resolve(*pattern, scope, diagnostics);
    ASSERT_EQ(known->segments[0].size(), 1u);
    ASSERT_EQ(names.tree.match(*known).size(), 1u);
  }
}

}  // namespace
}  // namespace inarch
