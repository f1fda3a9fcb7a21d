#include <gtest/gtest.h>

#include "compiler/ir/build.h"
#include "compiler/passes/pipeline.h"
#include "tests/unit/ir/random_recipe.h"

namespace inarch {
namespace {

/// A tensor added to itself turned round, then the sum to itself turned round, and so on.
std::string sums_of_reversals(int levels) {
  std::string text = "inarch: 1\nsources: { m: m }\ndefine:\n  d0: m:x\n";
  for (int k = 1; k <= levels; ++k) {
    const std::string below = "define:d" + std::to_string(k - 1);
    text += "  d" + std::to_string(k) + ":\n    from: [ " + below + ", { tensor: " + below +
            ", apply: [ { reverse: columns } ] } ]\n    combine: { linear: [1, 0.5] }\n";
  }
  return text + "tensors:\n  - { from: define:d" + std::to_string(levels) + ", to: y }\n";
}

std::size_t nodes_after_passes(int levels) {
  World world;
  world.add("m", "x", DType::f32, {4, 6});
  Attempt attempt = attempt_binding(world, sums_of_reversals(levels));
  EXPECT_TRUE(attempt.bound) << attempt.said();
  const Targets none(1);
  auto graph = build_graph(*attempt.bound, none, attempt.diagnostics);
  EXPECT_TRUE(graph) << attempt.said();
  Module module;
  module.bound = &*attempt.bound;
  module.graph = std::move(*graph);
  for (const auto pass : {deduplicate, sink_movement, fuse_movement, fuse_pointwise}) pass(module);
  recognise_copies(module);
  EXPECT_EQ(find_fault(module.graph), "");
  return module.graph.nodes.size();
}

TEST(Growth, SumsOfReversalsDoNotDouble) {
  const std::size_t few = nodes_after_passes(60);
  const std::size_t many = nodes_after_passes(120);
  EXPECT_GT(few, 60u);
  EXPECT_LT(many, few * 5 / 2);
}

}  // namespace
}  // namespace inarch
