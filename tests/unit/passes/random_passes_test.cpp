#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "compiler/ir/build.h"
#include "compiler/passes/pipeline.h"
#include "tests/unit/ir/random_recipe.h"

namespace inarch {
namespace {

/// Compiles random recipes as far as graphs and hands each to `test`.
template <typename Test>
void for_random_modules(std::uint64_t first, int count, Test test) {
  for (std::uint64_t seed = first; seed < first + static_cast<std::uint64_t>(count); ++seed) {
    SCOPED_TRACE(seed);
    const RandomRecipe recipe = random_recipe(seed);
    SCOPED_TRACE(recipe.text);
    const World world = recipe.world();
    Attempt attempt = attempt_binding(world, recipe.text);
    ASSERT_TRUE(attempt.bound) << attempt.said();
    Module module;
    module.bound = &*attempt.bound;
    const Targets none(attempt.bound->outputs.size());
    auto graph = build_graph(*attempt.bound, none, attempt.diagnostics);
    ASSERT_TRUE(graph) << attempt.said();
    module.graph = std::move(*graph);
    test(recipe, std::move(module));
    if (testing::Test::HasFailure()) return;
  }
}

TEST(RandomPasses, LeaveEveryValueAlone) {
  for_random_modules(1000, 300, [](const RandomRecipe& recipe, Module module) {
    for (const Pass& pass : passes()) {
      pass.run(module);
      ASSERT_EQ(find_fault(module.graph), "") << pass.name;
      ASSERT_EQ(difference(recipe, module.graph, *module.bound), "") << "after " << pass.name;
    }
  });
}

TEST(RandomPasses, LeaveEveryValueAloneWhenEachRunsByItself) {
  for_random_modules(2000, 100, [](const RandomRecipe& recipe, const Module& module) {
    for (const Pass& pass : passes()) {
      if (pass.required || pass.name == "merge_copies") continue;
      Module alone = module;
      pass.run(alone);
      ASSERT_EQ(find_fault(alone.graph), "") << pass.name;
      ASSERT_EQ(difference(recipe, alone.graph, *module.bound), "") << "after " << pass.name;
    }
  });
}

TEST(RandomPasses, LeaveEveryValueAloneInAnyOrderAndNumber) {
  for_random_modules(3000, 100, [](const RandomRecipe& recipe, Module module) {
    for (int round = 0; round < 2; ++round) {
      for (const auto pass : {fuse_pointwise, fuse_movement, sink_movement, deduplicate}) {
        const std::string was = print(module.graph);
        pass(module);
        ASSERT_EQ(difference(recipe, module.graph, *module.bound), "") << "round " << round << "\n"
                                                                       << was << "became\n"
                                                                       << print(module.graph);
      }
    }
  });
}

TEST(RandomPasses, DisabledOnesDoNotRun) {
  for_random_modules(4000, 30, [](const RandomRecipe& recipe, Module module) {
    std::vector<std::string> ran;
    PassOptions options;
    for (const Pass& pass : passes()) options.disabled.emplace_back(pass.name);
    options.after = [&](std::string_view name, const Module&) { ran.emplace_back(name); };
    Diagnostics diagnostics;
    run_passes(module, options, diagnostics);
    EXPECT_EQ(ran, (std::vector<std::string>{"spell_out_encoded", "recognise_copies", "order_steps",
                                             "lay_out_output"}));
    ASSERT_EQ(difference(recipe, module.graph, *module.bound), "");
  });
}

/// Placements follow one another in each shard and are aligned to their elements.
TEST(RandomPasses, LayTensorsSideBySide) {
  for_random_modules(5000, 200, [](const RandomRecipe&, Module module) {
    Diagnostics diagnostics;
    run_passes(module, {}, diagnostics);
    std::uint32_t shard = 0;
    std::int64_t end = 0;
    for (std::size_t k = 0; k < module.graph.outputs.size(); ++k) {
      const Output& output = module.graph.outputs[k];
      const Placement& at = module.placements[k];
      if (at.shard != shard) {
        EXPECT_EQ(at.shard, shard + 1);
        EXPECT_GE(output.checkpoint, module.graph.outputs[k - 1].checkpoint);
        shard = at.shard;
        end = 0;
      }
      if (end > 0) {
        EXPECT_EQ(output.checkpoint, module.graph.outputs[k - 1].checkpoint);
      }
      EXPECT_EQ(at.offset, end);
      EXPECT_EQ(at.bytes, numel(output.shape) * bytes(output.dtype));
      EXPECT_EQ(at.offset % bytes(output.dtype), 0);
      end += at.bytes;
    }
    EXPECT_EQ(std::accumulate(module.shard_counts.begin(), module.shard_counts.end(), 0u),
              shard + 1);
    std::vector<int> steps(module.graph.outputs.size());
    for (const StepDraft& step : module.steps) {
      for (std::uint32_t k = 0; k < step.output_count; ++k) ++steps[step.first_output + k];
    }
    EXPECT_EQ(steps, std::vector<int>(steps.size(), 1));
  });
}

}  // namespace
}  // namespace inarch
