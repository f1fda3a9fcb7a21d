#include <gtest/gtest.h>

#include "compiler/core/json.h"
#include "tests/unit/compile/compile_test_support.h"

namespace inarch {
namespace {

template <typename Test>
void for_random_plans(std::uint64_t first, int count, Test test) {
  for (std::uint64_t seed = first; seed < first + static_cast<std::uint64_t>(count); ++seed) {
    const RandomRecipe recipe = random_recipe(seed);
    SCOPED_TRACE(recipe.text);
    const World world = recipe.world();
    Compiled compiled;
    compile_into(compiled, world, recipe.text);
    ASSERT_TRUE(compiled.plan) << compiled.said();
    test(recipe, world, *compiled.plan);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(RandomPlans, HoldWhatTheRecipeSays) {
  for_random_plans(
      10000, 200, [](const RandomRecipe& recipe, const World& world, const Plan& plan) {
        const PlanValues values(plan, world);
        ASSERT_EQ(plan.outputs.size(), recipe.outputs.size());
        for (std::uint32_t k = 0; k < plan.outputs.size(); ++k) {
          const RandomRecipe::Expected& expected = recipe.outputs.at(plan.outputs[k].name);
          Values found = values.of(k);
          for (double& value : found) value = rounded(plan.outputs[k].dtype, value);
          EXPECT_EQ(plan.outputs[k].dtype, expected.dtype);
          EXPECT_EQ(plan.outputs[k].shape, expected.shape);
          ASSERT_EQ(found, expected.values) << plan.outputs[k].name;
        }
      });
}

TEST(RandomPlans, AreSoundAndSurviveTheirFile) {
  for_random_plans(20000, 200, [](const RandomRecipe&, const World&, const Plan& plan) {
    const Status sound = check_plan(plan, "plan.json");
    ASSERT_TRUE(sound.ok()) << sound.error().message;
    const std::string text = write_plan(plan);
    const auto again = read_plan(text, "plan.json");
    ASSERT_TRUE(again.ok()) << again.error().message;
    ASSERT_EQ(write_plan(*again), text);
  });
}

TEST(RandomPlans, AreTheSameEachTime) {
  for (std::uint64_t seed = 30000; seed < 30050; ++seed) {
    const RandomRecipe recipe = random_recipe(seed);
    const World world = recipe.world();
    Compiled first, second;
    compile_into(first, world, recipe.text);
    compile_into(second, world, recipe.text);
    ASSERT_TRUE(first.plan && second.plan) << first.said();
    ASSERT_EQ(write_plan(*first.plan), write_plan(*second.plan));
  }
}

TEST(RandomPlans, HaveHeadersThatSayWhereTensorsLie) {
  for_random_plans(40000, 100, [](const RandomRecipe&, const World&, const Plan& plan) {
    for (std::uint32_t s = 0; s < plan.shards.size(); ++s) {
      const std::string& header = plan.shards[s].header;
      ASSERT_EQ(header.size() % 8, 0u);
      const auto json = parse_json(std::string_view(header).substr(8), "header");
      ASSERT_TRUE(json.ok()) << json.error().message;
      for (const OutputTensor& tensor : plan.outputs) {
        if (tensor.shard != s) continue;
        const Value* entry = json->find(tensor.name);
        ASSERT_TRUE(entry);
        const std::int64_t begin = tensor.offset - static_cast<std::int64_t>(header.size());
        EXPECT_EQ(*entry->find("data_offsets"), Value(Value::List{begin, begin + tensor.bytes}));
        EXPECT_EQ(*entry->find("dtype"), Value(header_name(tensor.dtype)));
        EXPECT_EQ(tensor.offset % bytes(tensor.dtype), 0);
      }
    }
  });
}

TEST(RandomPlans, AreSoundWithoutTheirPasses) {
  for (std::uint64_t seed = 50000; seed < 50050; ++seed) {
    const RandomRecipe recipe = random_recipe(seed);
    const World world = recipe.world();
    Compiled compiled;
    CompileOptions options;
    for (const Pass& pass : passes()) options.passes.disabled.emplace_back(pass.name);
    compile_into(compiled, world, recipe.text, options);
    ASSERT_TRUE(compiled.plan) << compiled.said();
    const Status sound = check_plan(*compiled.plan, "plan.json");
    ASSERT_TRUE(sound.ok()) << sound.error().message << recipe.text;
  }
}

}  // namespace
}  // namespace inarch
