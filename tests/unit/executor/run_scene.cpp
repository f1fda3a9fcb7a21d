#include "tests/unit/executor/run_scene.h"

#include <fstream>
#include <random>
#include <sstream>

#include "compiler/support/sha256.h"
#include "tests/unit/executor/oracle.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {

namespace {

std::string read_all(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

}  // namespace

RunScene::RunScene() {
  add("w", DType::bf16, {900, 600});
  add("v", DType::bf16, {900, 600});
  for (int i = 0; i < 5; ++i) add(fmt::format("norm.{}", i), DType::f32, {64});
  add("t", DType::f32, {700, 500});
  checkpoint_.add("packed", DType::f4, {6, 4}, std::string("0123456789ab"));
  checkpoint_.add("empty", DType::f16, {0, 8}, std::string());
  add("i", DType::f64, {90});
  add("a", DType::bf16, {8, 600});
  add("b", DType::f16, {900, 8});

  PlanMaker maker;
  maker.plan.sources.push_back(checkpoint_.write(directory_, "source/model.safetensors"));
  for (auto& [name, values] : pending_) values_[checkpoint_.offset(name)] = std::move(values);
  copied_ = read_all(source_path());
  plan_movement(maker);
  maker.next_shard();
  plan_computation(maker);
  maker.plan.texts.push_back({"config.json", "{}\n"});
  const std::string tokenizer(300'000, 'k');
  maker.plan.files.push_back({0, "tokenizer.json",
                              directory_.write("source/tokenizer.json", tokenizer), 300'000,
                              sha256_hex(tokenizer)});
  plan = maker.finish();

  options.output = out();
  options.jobs = 2;
  options.cut.tile_elements = 50'000;
  options.cut.unit_bytes = digest_piece_bytes;
  options.cut.transpose_unit_bytes = digest_piece_bytes;
  options.cut.copy_unit_bytes = digest_piece_bytes;
  options.cut.span_bytes = 100'000;
}

/// Small whole numbers: every computation with them is exact in f32.
void RunScene::add(const std::string& name, DType dtype, Shape shape) {
  std::mt19937_64 random(std::hash<std::string>()(name));
  std::vector<double> values;
  for (std::int64_t i = 0; i < numel(shape); ++i) {
    values.push_back(static_cast<double>(random() % 9) - 4);
  }
  checkpoint_.add(name, dtype, std::move(shape), values);
  pending_[name] = std::move(values);
}

void RunScene::plan_movement(PlanMaker& maker) {
  const auto copy = [&](const std::string& first, std::int64_t bytes, std::uint32_t outputs) {
    const auto to = static_cast<std::uint32_t>(maker.plan.outputs.size()) - outputs;
    maker.step(to, CopyStep{0, 0, checkpoint_.offset(first), bytes, outputs});
  };
  maker.output("copy.w", DType::bf16, {900, 600});
  copy("w", 900 * 600 * 2, 1);
  for (int i = 0; i < 5; ++i) maker.output(fmt::format("copy.norm.{}", i), DType::f32, {64});
  maker.output("copy.t", DType::f32, {700, 500});
  maker.output("copy.packed", DType::f4, {6, 4});
  maker.output("copy.empty", DType::f16, {0, 8});
  copy("norm.0", 5 * 64 * 4 + 700 * 500 * 4 + 12, 8);
  maker.move("transposed", DType::f32, {500, 700},
             {checkpoint_.read("t"), op(ViewOp{0, {{500, 1}, {700, 500}}}, {0}, 350'000)});
  maker.move("stacked", DType::bf16, {2, 900, 600},
             {checkpoint_.read("w"), checkpoint_.read("v"),
              op(ConcatOp{1, {540'000, 540'000}}, {0, 1}, 1'080'000)});
  maker.move("woven", DType::bf16, {900, 1201},
             {checkpoint_.read("w"), checkpoint_.read("v"), op(FillOp{3}, {}, 900),
              op(ConcatOp{900, {600, 1, 600}}, {0, 2, 1}, 1'080'900)});
  maker.move("picked", DType::bf16, {4, 600},
             {checkpoint_.read("w"), op(TakeOp{1, 900, 600, {899, 0, 1, 1}}, {0}, 2400)});
}

void RunScene::plan_computation(PlanMaker& maker) {
  const Op w = checkpoint_.read("w");
  const Op v = checkpoint_.read("v");
  const Op t = checkpoint_.read("t");
  maker.compute("scaled", DType::bf16, {900, 600}, {w, op(LinearOp{{0.5}, 0}, {0}, 540'000)});
  maker.compute("merged", DType::f32, {900, 600},
                {w, v, op(LinearOp{{0.5, 2}, -1}, {0, 1}, 540'000)});
  maker.compute("converted", DType::bf16, {500, 700},
                {t, op(ViewOp{0, {{500, 1}, {700, 500}}}, {0}, 350'000)});
  maker.compute(
      "adapted", DType::f32, {900, 600},
      {w, checkpoint_.read("b"), checkpoint_.read("a"), op(MatmulOp{900, 8, 600}, {1, 2}, 540'000),
       op(LinearOp{{1, 0.25}, 0}, {0, 3}, 540'000)});
  maker.compute(
      "turned", DType::f32, {600, 900},
      {checkpoint_.read("b"), checkpoint_.read("a"), op(MatmulOp{900, 8, 600}, {0, 1}, 540'000),
       op(ViewOp{0, {{600, 1}, {900, 600}}}, {2}, 540'000)});
  maker.compute(
      "centred", DType::f64, {700, 500},
      {t, op(ReduceOp{Reduction::mean, 1, 700, 500}, {0}, 500),
       op(ViewOp{0, {{700, 0}, {500, 1}}}, {1}, 350'000),
       op(LinearOp{{700, -700}, 0}, {0, 2}, 350'000), op(RoundOp{DType::bf16}, {3}, 350'000)});
  maker.compute("wide", DType::f64, {90}, {checkpoint_.read("i"), op(ClampOp{-2, 3}, {0}, 90)});
  maker.compute("identity", DType::f16, {30, 40}, {op(IdentityOp{30, 40}, {}, 1200)});
  maker.compute("nothing", DType::f32, {0}, {op(FillOp{1}, {}, 0)});
  maker.compute("scalar", DType::bf16, {}, {op(FillOp{1.5}, {}, 1)});
}

std::vector<std::string> RunScene::wrong_tensors(const std::string& output) const {
  std::vector<std::string> wrong;
  const auto read = [&](const Op& self) { return values_.at(std::get<ReadOp>(self.data).offset); };
  std::map<std::uint32_t, std::string> shards;
  for (std::uint32_t s = 0; s < plan.shards.size(); ++s) {
    shards[s] = read_all(join_path(output, plan.shards[s].name));
    if (static_cast<std::int64_t>(shards[s].size()) != plan.shards[s].size) {
      wrong.push_back(plan.shards[s].name);
    }
  }
  if (!wrong.empty()) return wrong;
  for (const Step& step : plan.steps) {
    const OutputTensor& tensor = plan.outputs[step.first_output];
    std::string expected;
    if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
      expected = copied_.substr(static_cast<std::size_t>(copy->source_offset),
                                static_cast<std::size_t>(copy->bytes));
    } else {
      const auto* move = std::get_if<MoveStep>(&step.work);
      const Program& program =
          move != nullptr ? move->program : std::get<ComputeStep>(step.work).program;
      expected = stored(tensor.dtype, evaluate_slowly(program, read));
    }
    const std::string found =
        shards[tensor.shard].substr(static_cast<std::size_t>(tensor.offset), expected.size());
    if (found != expected) wrong.push_back(tensor.name);
  }
  return wrong;
}

std::map<std::string, std::string> RunScene::content(const std::string& path, bool manifest) {
  std::map<std::string, std::string> files;
  const auto entries = list_directory(path);
  if (!entries) return files;
  for (const DirectoryEntry& entry : *entries) {
    if (!manifest && entry.name == "manifest.json") continue;
    files[entry.name] = read_all(join_path(path, entry.name));
  }
  return files;
}

std::string codes_of(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& finding : diagnostics.list()) {
    if (!text.empty()) text += ' ';
    text += finding.code;
  }
  return text;
}

}  // namespace inarch
