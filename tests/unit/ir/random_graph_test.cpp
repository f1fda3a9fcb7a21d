#include <gtest/gtest.h>

#include "compiler/ir/build.h"
#include "tests/unit/ir/random_recipe.h"

namespace inarch {
namespace {

class RandomGraph : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomGraph, HoldsWhatTheTransformsSay) {
  for (std::uint64_t seed = GetParam(); seed < GetParam() + 100; ++seed) {
    const RandomRecipe recipe = random_recipe(seed);
    const World world = recipe.world();
    Attempt attempt = attempt_binding(world, recipe.text);
    ASSERT_TRUE(attempt.bound) << attempt.said() << recipe.text;
    const Targets none(attempt.bound->outputs.size());
    const auto graph = build_graph(*attempt.bound, none, attempt.diagnostics);
    ASSERT_TRUE(graph) << attempt.said() << recipe.text;
    EXPECT_EQ(find_fault(*graph), "") << recipe.text;
    ASSERT_EQ(difference(recipe, *graph, *attempt.bound), "") << "seed " << seed << "\n"
                                                              << recipe.text << print(*graph);
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraph, testing::Values(0, 100, 200, 300, 400));

}  // namespace
}  // namespace inarch
