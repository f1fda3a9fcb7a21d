#include "runtime/executor/run.h"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "compiler/compile/compile.h"
#include "compiler/plan/plan_json.h"
#include "runtime/executor/progress.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/safetensors_header.h"
#include "runtime/kernels/convert.h"
#include "tests/unit/io/temporary_directory.h"
#include "tests/unit/ir/random_recipe.h"

namespace inarch {
namespace {

std::string stored(DType dtype, const Values& values) {
  std::string data(values.size() * static_cast<std::size_t>(bytes(dtype)), '\0');
  if (is_arithmetic(dtype)) {
    encode(dtype, values.data(), static_cast<std::int64_t>(values.size()), data.data());
    return data;
  }
  for (std::size_t k = 0; k < values.size(); ++k) {  // whole numbers, little-endian
    const auto value = static_cast<std::int64_t>(values[k]);
    const auto width = static_cast<std::size_t>(bytes(dtype));
    std::memcpy(data.data() + k * width, &value, width);
  }
  return data;
}

void write_model(const TemporaryDirectory& directory, const std::vector<RandomTensor>& tensors) {
  std::vector<TensorInfo> infos;
  std::string data;
  for (const RandomTensor& tensor : tensors) {
    Values values;
    for (std::int64_t k = 0; k < numel(tensor.shape); ++k)
      values.push_back(made_up(tensor.name, k));
    TensorInfo info;
    info.name = tensor.name;
    info.dtype = tensor.dtype;
    info.shape = tensor.shape;
    const std::string part = stored(tensor.dtype, values);
    info.bytes = static_cast<std::int64_t>(part.size());
    infos.push_back(std::move(info));
    data += part;
  }
  directory.write("m/model.safetensors", write_safetensors_header(infos) + data);
}

std::optional<Plan> compiled(const TemporaryDirectory& directory, const std::string& recipe) {
  CompileOptions options;
  options.bind.recipe_directory = directory.path();
  options.bind.open_source = [](const SourceRequest& request, Diagnostics& diagnostics) {
    auto checkpoint = open_checkpoint(request.location, diagnostics);
    return checkpoint ? std::make_shared<const Checkpoint>(std::move(*checkpoint)) : nullptr;
  };
  SourceMap sources;
  Diagnostics diagnostics;
  CompileReport report;
  auto plan = compile(sources, sources.add("recipe.yaml", recipe), options, diagnostics, report);
  for (const Diagnostic& d : diagnostics.list()) ADD_FAILURE() << d.message << "\n" << recipe;
  return plan;
}

class NoProgress : public Progress {
 public:
  void started(std::string_view, std::int64_t) override {}
  void advanced(std::int64_t, std::string_view) override {}
  void finished() override {}
};

RunReport built(const Plan& plan, const std::string& output, int jobs, std::int64_t memory) {
  RunOptions options;
  options.output = output;
  options.jobs = jobs;
  options.memory = memory;
  NoProgress progress;
  Diagnostics diagnostics;
  const RunReport report = run(plan, options, progress, diagnostics);
  for (const Diagnostic& d : diagnostics.list()) ADD_FAILURE() << d.message;
  return report;
}

/// The bytes of a tensor are those of its values, rounded once.
void expect_written(const TensorInfo& tensor, const std::string& path,
                    const RandomRecipe::Expected& expected) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(tensor.offset);
  std::string found(static_cast<std::size_t>(tensor.bytes), '\0');
  file.read(found.data(), tensor.bytes);
  ASSERT_EQ(tensor.dtype, expected.dtype);
  ASSERT_EQ(tensor.shape, expected.shape);
  if (!is_arithmetic(tensor.dtype)) {
    ASSERT_EQ(found, stored(tensor.dtype, expected.values)) << tensor.name;
    return;
  }
  Values values(expected.values.size());
  decode(tensor.dtype, found.data(), static_cast<std::int64_t>(values.size()), values.data());
  ASSERT_EQ(values, expected.values) << tensor.name;
}

/// Every directory of the output is a checkpoint with its own tensors and no others.
void expect_written(const RandomRecipe& recipe, const std::string& output) {
  std::map<std::string, std::size_t> directories;
  for (const auto& [name, expected] : recipe.outputs) ++directories[expected.directory];
  for (const auto& [directory, count] : directories) {
    Diagnostics diagnostics;
    const auto checkpoint = open_checkpoint(output + "/" + directory, diagnostics);
    ASSERT_TRUE(checkpoint);
    ASSERT_EQ(checkpoint->tensors.size(), count);
    for (const TensorInfo& tensor : checkpoint->tensors) {
      const RandomRecipe::Expected& expected = recipe.outputs.at(tensor.name);
      ASSERT_EQ(expected.directory, directory);
      expect_written(tensor, checkpoint->files[tensor.file].path, expected);
    }
  }
}

TEST(Run, WritesWhatTheRecipeSays) {
  for (std::uint64_t seed = 70000; seed < 70040; ++seed) {
    SCOPED_TRACE(seed);
    const RandomRecipe recipe = random_recipe(seed);
    SCOPED_TRACE(recipe.text);
    const TemporaryDirectory directory;
    write_model(directory, recipe.tensors);
    const auto plan = compiled(directory, recipe.text);
    ASSERT_TRUE(plan);
    const RunReport report = built(*plan, directory.at("out"), 2, std::int64_t{1} << 30);
    ASSERT_EQ(report.outcome, Outcome::done);
    expect_written(recipe, directory.at("out"));
    if (HasFatalFailure()) return;
  }
}

TEST(Run, WritesTheSameForAnyJobsAndMemoryAndFromAPlanFile) {
  for (std::uint64_t seed = 71000; seed < 71010; ++seed) {
    SCOPED_TRACE(seed);
    const RandomRecipe recipe = random_recipe(seed);
    const TemporaryDirectory directory;
    write_model(directory, recipe.tensors);
    const auto plan = compiled(directory, recipe.text);
    ASSERT_TRUE(plan);
    const auto from_file = read_plan(write_plan(*plan), "plan.json");
    ASSERT_TRUE(from_file.ok());
    const std::string digest =
        built(*plan, directory.at("one"), 1, std::int64_t{1} << 30).output_digest;
    EXPECT_EQ(built(*plan, directory.at("two"), 2, least_memory(*plan)).output_digest, digest);
    EXPECT_EQ(built(*from_file, directory.at("five"), 5, std::int64_t{1} << 30).output_digest,
              digest);
    for (const OutputShard& shard : plan->shards) {
      EXPECT_EQ(directory.read("one/" + shard.name), directory.read("two/" + shard.name));
      EXPECT_EQ(directory.read("one/" + shard.name), directory.read("five/" + shard.name));
    }
  }
}

/// Stops a run once it has come some way.
class StopAfter : public NoProgress {
 public:
  explicit StopAfter(int units) : left_(units) {}
  void advanced(std::int64_t, std::string_view) override { stop = --left_ <= 0; }
  std::atomic<bool> stop = false;

 private:
  int left_;
};

constexpr const char* two_outputs = R"yaml(inarch: 1
sources: { m: m }
outputs:
  even: { shard_size: 1kB }
  odd: { for: { k: 0 .. 2 }, dtype: f32 }
tensors:
  - { from: "m:a.{i}", to: "even:a.{i}", where: i % 2 == 0 }
  - { from: "m:a.{i}", for: { k: 0 .. 2 }, to: "odd[{k}]:a.{i}", apply: [ { rescale: k + 1 } ] }
checks:
  - equal: { left: "odd[0]:a.0 | rescale(2)", right: "odd[1]:a.0" }
  - equal: { left: even:a.2, right: m:a.2 }
)yaml";

/// Wherever a run of several outputs is stopped, the next one goes on and gives the same.
TEST(Run, ResumesSeveralOutputs) {
  const TemporaryDirectory directory;
  std::vector<RandomTensor> tensors;
  for (int i = 0; i < 6; ++i) tensors.push_back({fmt::format("a.{}", i), DType::bf16, {8, 16}});
  write_model(directory, tensors);
  const auto plan = compiled(directory, two_outputs);
  ASSERT_TRUE(plan);
  const std::string digest =
      built(*plan, directory.at("whole"), 1, std::int64_t{1} << 30).output_digest;
  for (int units = 1; units < 15; ++units) {
    SCOPED_TRACE(units);
    const std::string output = directory.at(fmt::format("out{}", units));
    StopAfter progress(units);
    RunOptions options;
    options.output = output;
    options.stop = &progress.stop;
    Diagnostics diagnostics;
    ASSERT_EQ(run(*plan, options, progress, diagnostics).outcome, Outcome::interrupted);
    EXPECT_FALSE(std::filesystem::exists(output));
    const RunReport report = built(*plan, output, 2, std::int64_t{1} << 30);
    EXPECT_EQ(report.outcome, Outcome::done);
    EXPECT_GT(report.bytes_resumed, 0);
    EXPECT_EQ(report.output_digest, digest);
    EXPECT_EQ(built(*plan, output, 2, std::int64_t{1} << 30).outcome, Outcome::up_to_date);
    EXPECT_FALSE(std::filesystem::exists(output + "/.inarch-journal"));
  }
}

}  // namespace
}  // namespace inarch
