#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/plan/memory_model.h"
#include "compiler/plan/plan.h"

namespace inarch {

/// Puts plans together by hand: outputs are laid out in the order in which they are added.
class PlanMaker {
 public:
  Plan plan;

  PlanMaker() {
    plan.tool_version = "0.0-test";
    plan.recipe_name = "made by hand";
    plan.recipe_path = "recipe.yaml";
    plan.recipe_sha256 = std::string(64, 'a');
    plan.shards.push_back({"model.safetensors", "", 0});
  }

  /// The following outputs go to another shard.
  void next_shard() {
    const std::string name = fmt::format("model-{}.safetensors", plan.shards.size() + 1);
    plan.shards.push_back({name, "", 0});
  }

  /// Declares an output and returns its number.
  std::uint32_t output(const std::string& name, DType dtype, Shape shape) {
    OutputTensor tensor;
    tensor.name = name;
    tensor.dtype = dtype;
    tensor.bytes = numel(shape) * bits(dtype) / 8;
    tensor.shape = std::move(shape);
    tensor.shard = static_cast<std::uint32_t>(plan.shards.size() - 1);
    tensor.origin = "recipe.yaml:1";
    plan.outputs.push_back(std::move(tensor));
    return static_cast<std::uint32_t>(plan.outputs.size() - 1);
  }

  void step(std::uint32_t first_output, std::variant<CopyStep, MoveStep, ComputeStep> work) {
    plan.steps.push_back({first_output, std::move(work), 0, 0});
  }
  void compute(const std::string& name, DType dtype, Shape shape, Program program) {
    const std::uint32_t number = output(name, dtype, std::move(shape));
    step(number, ComputeStep{std::move(program)});
  }
  void move(const std::string& name, DType dtype, Shape shape, Program program) {
    const std::uint32_t number = output(name, dtype, std::move(shape));
    step(number, MoveStep{std::move(program)});
  }

  /// Offsets, headers and memory.
  Plan finish() {
    for (std::uint32_t shard = 0; shard < plan.shards.size(); ++shard) lay_out(shard);
    state_memory(plan);
    return plan;
  }

 private:
  void lay_out(std::uint32_t shard) {
    std::string json = "{";
    std::int64_t end = 0;
    for (OutputTensor& output : plan.outputs) {
      if (output.shard != shard) continue;
      json += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}",
                          end == 0 && json == "{" ? "" : ",", json_quote(output.name),
                          header_name(output.dtype), format_shape(output.shape), end,
                          end + output.bytes);
      output.offset = end;
      end += output.bytes;
    }
    json += "}";
    json.resize((json.size() + 7) / 8 * 8, ' ');
    std::string header;
    for (unsigned shift = 0; shift < 64; shift += 8) {
      header += static_cast<char>(std::uint64_t{json.size()} >> shift & 0xFFu);
    }
    header += json;
    const auto data_start = static_cast<std::int64_t>(header.size());
    for (OutputTensor& output : plan.outputs) {
      if (output.shard == shard) output.offset += data_start;
    }
    plan.shards[shard].header = std::move(header);
    plan.shards[shard].size = data_start + end;
  }
};

inline Op op(OpData data, std::vector<std::uint32_t> inputs, std::int64_t count) {
  return {std::move(data), std::move(inputs), count};
}

/// A plan that uses every kind of step and op, from a source file of 1 MB that need not exist.
inline Plan full_plan() {
  PlanMaker maker;
  PlanSource source{"text", "models/text", {}};
  source.files.push_back({"models/text/model.safetensors", "model.safetensors", 1'000'000,
                          1'700'000'000'123'456'789, 18'000'000'000'000'000'000u,
                          std::string(64, 'b')});
  maker.plan.sources.push_back(source);
  const auto read = [](std::int64_t offset, DType dtype, std::int64_t count) {
    return op(ReadOp{false, 0, 0, offset, dtype}, {}, count);
  };
  const std::uint32_t first = maker.output("copied.a", DType::u8, {100});
  maker.output("copied.b", DType::f4, {10, 8});
  maker.step(first, CopyStep{0, 0, 1000, 140, 2});
  maker.move("moved", DType::i64, {7, 6},
             {read(2000, DType::i64, 12), op(FillOp{-5}, {}, 6),
              op(ViewOp{11, {{3, -4}, {4, -1}}}, {0}, 12), op(ConcatOp{3, {4, 2}}, {2, 1}, 18),
              op(TakeOp{1, 3, 6, {2, 0, 0, 1, 2, 1, 0}}, {3}, 42)});
  maker.next_shard();
  maker.compute("computed", DType::bf16, {4, 3},
                {read(4000, DType::bf16, 12),
                 op(RandomOp{Distribution::normal, 0, 0.02, 7, "computed"}, {}, 12),
                 op(IdentityOp{4, 3}, {}, 12),
                 op(LinearOp{{0.1, -0.0, 1e300}, 1e-7}, {0, 1, 2}, 12), op(ClampOp{-1, 1}, {3}, 12),
                 op(RoundOp{DType::f16}, {4}, 12), op(ReduceOp{Reduction::mean, 1, 4, 3}, {5}, 3),
                 op(ViewOp{0, {{4, 0}, {3, 1}}}, {6}, 12), op(QuotientOp{}, {7, 5}, 12),
                 op(MapOp{MapFunction::sqrt}, {8}, 12), op(LargestOp{4, 3, 2, false}, {9}, 12),
                 op(HoldOp{}, {10}, 12), op(LargestOp{1, 12, 5, true}, {11}, 12)});
  maker.compute(
      "product", DType::f32, {2, 3},
      {read(4000, DType::f32, 10), read(5000, DType::f16, 15), op(MatmulOp{2, 5, 3}, {0, 1}, 6),
       op(RandomOp{Distribution::uniform, -1, 1, 18'446'744'073'709'551'615u, "p"}, {}, 6),
       op(LinearOp{{1, 0.5}, 0}, {2, 3}, 6)});
  maker.compute("scalar", DType::f64, {}, {op(FillOp{0.1}, {}, 1)});
  maker.compute("empty", DType::f32, {0, 5}, {op(FillOp{1}, {}, 0)});
  maker.plan.texts.push_back({"config.json", "{\n  \"a\": \"\\u00e9 \x01 \xC3\xA9\"\n}\n"});
  maker.plan.files.push_back(
      {0, "tokenizer.json", "models/text/tokenizer.json", 12, std::string(64, 'c')});
  PlanCheck check;
  check.description = "product is finite";
  check.origin = "recipe.yaml:9";
  check.left = {read(4000, DType::f32, 10)};
  check.right = {read(4000, DType::f32, 10), op(LinearOp{{2}, 0}, {0}, 10)};
  check.tolerance = 1e-6;
  maker.plan.checks.push_back(check);
  maker.plan.totals = {1, 2, 3, 4, 5, 6};
  return maker.finish();
}

}  // namespace inarch
