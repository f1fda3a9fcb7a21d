#include <gtest/gtest.h>

#include "compiler/core/json.h"
#include "tests/unit/compile/compile_test_support.h"

namespace inarch {
namespace {

World two_tensors() {
  World world;
  world.add("m", "a", DType::bf16, {8, 4}).add("m", "b", DType::bf16, {8, 4});
  return world;
}

std::string with_rules(const std::string& rules, const std::string& rest = "") {
  return "inarch: 1\nsources: { m: m }\ntensors:\n" + rules + rest;
}

TEST(Compile, ReportsSeveralMistakesAtOnce) {
  const World world = two_tensors();
  Compiled form;
  compile_into(form, world, with_rules("  - { from: 'm:a', too: x }\n  - { frm: 'm:b', to: y }\n"));
  EXPECT_FALSE(form.plan);
  EXPECT_GE(form.diagnostics.errors(), 2u) << form.said();
  Compiled types;
  compile_into(types, world,
               with_rules("  - { from: 'm:a', to: x, apply: [ { tile: { depth: 2 } } ] }\n"
                          "  - { from: 'm:b', to: y, apply: [ { crop: { rows: 9 } } ] }\n"));
  EXPECT_FALSE(types.plan);
  EXPECT_EQ(types.codes(), "E301 E307");
}

TEST(Compile, StopsAtTheStageThatFoundAnError) {
  const World world = two_tensors();
  Compiled compiled;
  compile_into(compiled, world, with_rules("  - { from: 'm:{n}.w', to: '{n}' }\n"));
  EXPECT_FALSE(compiled.plan);
  EXPECT_EQ(compiled.codes(), "E203");
  for (const PassTiming& timing : compiled.report.timings) EXPECT_NE(timing.name, "build");
}

TEST(Compile, CopiesWholeTensorsAndSlicesOfRows) {
  const World world = two_tensors();
  Compiled compiled;
  compile_into(compiled, world,
               with_rules("  - { from: 'm:a', to: a }\n"
                          "  - { from: 'm:b | slice(rows=2 .. 5)', to: b }\n"
                          "  - { from: 'm:b | slice(columns=1 .. 3)', to: c }\n"));
  ASSERT_TRUE(compiled.plan) << compiled.said();
  const Plan& plan = *compiled.plan;
  ASSERT_EQ(plan.steps.size(), 3u);
  const auto* first = std::get_if<CopyStep>(&plan.steps[0].work);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->source_offset, World::header_bytes);
  EXPECT_EQ(first->bytes, 64);
  int copies = 0, moves = 0;
  for (const Step& step : plan.steps) {
    const auto* copy = std::get_if<CopyStep>(&step.work);
    copies += copy ? 1 : 0;
    moves += std::holds_alternative<MoveStep>(step.work) ? 1 : 0;
    if (!copy || copy->bytes != 24) continue;
    EXPECT_EQ(copy->source_offset, World::header_bytes + 64 + 16);
  }
  EXPECT_EQ(copies, 2);
  EXPECT_EQ(moves, 1);
  EXPECT_EQ(plan.totals.bytes_computed, 0);
}

TEST(Compile, MergesCopiesOfNeighbours) {
  const World world = two_tensors();
  Compiled compiled;
  compile_into(compiled, world, with_rules("  - { from: 'm:{n}', to: 'x.{n}' }\n"));
  ASSERT_TRUE(compiled.plan) << compiled.said();
  ASSERT_EQ(compiled.plan->steps.size(), 1u);
  const auto& copy = std::get<CopyStep>(compiled.plan->steps[0].work);
  EXPECT_EQ(copy.output_count, 2u);
  EXPECT_EQ(copy.bytes, 128);
}

TEST(Compile, CountsSharedBytesOnce) {
  const World world = two_tensors();
  Compiled compiled;
  compile_into(compiled, world,
               with_rules("  - { from: 'm:{n}', to: 'x.{n}' }\n"
                          "  - { from: 'm:b | rescale(2)', to: y }\n"
                          "  - { from: 'm:b | slice(rows=2 .. 5)', to: z }\n"));
  ASSERT_TRUE(compiled.plan) << compiled.said();
  EXPECT_EQ(compiled.plan->totals.bytes_read, 128);
  EXPECT_EQ(compiled.plan->totals.bytes_computed, 64);
  EXPECT_EQ(compiled.plan->totals.bytes_copied, 128 + 24);
  EXPECT_EQ(compiled.plan->totals.parameters, 32 * 3 + 12);
}

TEST(Compile, ShardsComeWithAnIndex) {
  const World world = two_tensors();
  Compiled compiled;
  compile_into(compiled, world,
               with_rules("  - { from: 'm:{n}', to: 'x.{n}' }\n", "output: { shard_size: 64B }\n"));
  ASSERT_TRUE(compiled.plan) << compiled.said();
  ASSERT_EQ(compiled.plan->shards.size(), 2u);
  EXPECT_EQ(compiled.plan->shards[1].name, "model-00002-of-00002.safetensors");
  const auto index = parse_json(compiled.plan->texts.back().text, "index");
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(*index->find_path("metadata.total_size"), Value(128));
  EXPECT_EQ(*index->find("weight_map")->find("x.b"), Value("model-00002-of-00002.safetensors"));
}

TEST(Compile, ChecksReadTheFinishedTensorWhereverItLies) {
  World world = two_tensors();
  world.add("m", "wide", DType::f32, {3});
  Compiled compiled;
  compile_into(compiled, world,
               with_rules("  - { from: 'm:{n}', to: 'x.{n}' }\n",
                          "checks:\n  - equal: { left: out:x.wide, right: m:wide }\n"
                          "  - finite: out:x.a\n"));
  ASSERT_TRUE(compiled.plan) << compiled.said();
  const Plan& plan = *compiled.plan;
  ASSERT_EQ(plan.checks.size(), 2u);
  const auto& read = std::get<ReadOp>(plan.checks[0].left.back().data);
  EXPECT_TRUE(read.from_output);
  EXPECT_EQ(read.dtype, DType::f32);
  for (const OutputTensor& output : plan.outputs) {
    if (output.name == "x.wide") {
      EXPECT_EQ(read.offset, output.offset);
    }
  }
  EXPECT_TRUE(plan.checks[1].right.empty());
  const Status sound = check_plan(plan, "plan");
  EXPECT_TRUE(sound.ok()) << sound.error().message;
}

TEST(Compile, ParamsShapeThePlanAndItsIdentity) {
  const World world = two_tensors();
  const std::string text = "params: { by: 2 }\n" + with_rules(
                                                       "  - { from: 'm:a', to: a, apply: "
                                                       "[ { rescale: by } ] }\n");
  CompileOptions options;
  Compiled plain, same, other;
  compile_into(plain, world, text);
  options.bind.set = {{"by", "2"}};
  compile_into(same, world, text, options);
  options.bind.set = {{"by", "3"}};
  compile_into(other, world, text, options);
  ASSERT_TRUE(plain.plan && same.plan && other.plan) << plain.said();
  EXPECT_EQ(write_plan(*plain.plan), write_plan(*same.plan));
  EXPECT_NE(plain.plan->recipe_sha256, other.plan->recipe_sha256);
}

TEST(Compile, EmptyTensorsAreSound) {
  World world = two_tensors();
  world.add("m", "none", DType::bf16, {0, 4});
  Compiled compiled;
  compile_into(compiled, world,
               with_rules("  - { from: 'm:{n}', to: 'x.{n}' }\n"
                          "  - { from: 'm:a | slice(rows=0 .. 0) | rescale(2)', to: y }\n"
                          "  - { from: 'm:a | keep(rows=[]) | reverse(columns)', to: z }\n"
                          "  - { from: 'concat(m:none, m:none)', to: w }\n"
                          "  - { from: 'stack(m:none, m:none, axis=1)', to: v }\n"));
  ASSERT_TRUE(compiled.plan) << compiled.said();
  const Status sound = check_plan(*compiled.plan, "plan");
  EXPECT_TRUE(sound.ok()) << sound.error().message;
}

/// Plans must be ones that a run accepts: what is nested too deep is said when compiling.
TEST(Compile, SaysWhatNoRunWouldAccept) {
  const World world = two_tensors();
  std::string rules = "  - { from: 'm:a', to: o.0 }\n";
  for (int k = 1; k <= 250; ++k)
    rules += fmt::format("  - {{ from: 'out:o.{} | clamp(min=-{})', to: o.{} }}\n", k - 1, k, k);
  Compiled compiled;
  compile_into(compiled, world, with_rules(rules));
  EXPECT_FALSE(compiled.plan);
  EXPECT_TRUE(compiled.diagnostics.has_errors());
}

TEST(Compile, SumsOfSharedSumsDoNotDouble) {
  const World world = two_tensors();
  std::string rules = "  - { from: 'm:a | clamp(min=-1)', to: o.0 }\n";
  for (int k = 1; k <= 16; ++k)
    rules += fmt::format(
        "  - {{ from: [ 'out:o.{0}', 'out:o.{0}' ], to: o.{1}, combine: {{ linear: [0.5, 0.5] }} "
        "}}\n",
        k - 1, k);
  rules += "  - { from: 'out:o.16 | reverse(rows)', to: last }\n";
  Compiled compiled;
  compile_into(compiled, world, with_rules(rules));
  ASSERT_TRUE(compiled.plan) << compiled.said();
  for (const Step& step : compiled.plan->steps) {
    if (const auto* compute = std::get_if<ComputeStep>(&step.work)) {
      EXPECT_LT(compute->program.size(), 100u);
    }
  }
}

}  // namespace
}  // namespace inarch
