#include <gtest/gtest.h>

#include "tests/unit/compile/allocations.h"
#include "tests/unit/compile/compile_test_support.h"

namespace inarch {
namespace {

World experts(int count) {
  World world;
  for (int e = 0; e < count; ++e) {
    const std::string name = "layers." + std::to_string(e % 7) + ".experts." + std::to_string(e);
    world.add("m", name + ".weight", DType::bf16, {4, 2})
        .add("m", name + ".scale", DType::f32, {2});
  }
  return world;
}

std::size_t allocations_for(const World& world, const std::string& rules) {
  const std::string text = "inarch: 1\nsources: { m: m }\noutput: { shard_size: 1kB }\ntensors:\n";
  Compiled compiled;
  const std::size_t before = allocations();
  compile_into(compiled, world, text + rules);
  EXPECT_TRUE(compiled.plan) << compiled.said();
  return allocations() - before;
}

/// Counted and not timed, so that no machine is too slow for the test. Twice as much of anything
/// costs twice as much, and a little for tables that grow.
void expect_linear(std::size_t once, std::size_t twice) {
  EXPECT_GT(twice, once);
  EXPECT_LT(twice, once * 21 / 10);
}

TEST(Growth, IsLinearInTensors) {
  const std::string rules =
      "  - from: m:layers.{i}.experts.{e}.weight\n    to: blocks.{i}.{e}.weight\n"
      "    apply: [ { rescale: 0.5 }, { reverse: columns } ]\n"
      "  - { from: 'm:{name...}', to: '{name}', rest: true }\n";
  expect_linear(allocations_for(experts(1000), rules), allocations_for(experts(2000), rules));
}

TEST(Growth, IsLinearInRules) {
  const World world = experts(2000);
  const auto rules = [](int count) {
    std::string text;
    for (int e = 0; e < count; ++e) {
      const std::string name = std::to_string(e % 7) + ".experts." + std::to_string(e);
      text += "  - { from: 'm:layers." + name + ".{part}', to: 'blocks." + name + ".{part}' }\n";
    }
    return text;
  };
  expect_linear(allocations_for(world, rules(1000)), allocations_for(world, rules(2000)));
}

}  // namespace
}  // namespace inarch
