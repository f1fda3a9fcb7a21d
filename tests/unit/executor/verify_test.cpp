#include "runtime/executor/verify.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/executor/run_scene.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

class VerifyTest : public testing::Test {
 protected:
  void SetUp() override {
    const OutputTensor& copied = scene_.plan.outputs[0];
    PlanCheck against_source;
    against_source.description = "copy.w is w";
    against_source.origin = "recipe.yaml:3";
    against_source.left = {op(ReadOp{true, 0, 0, copied.offset, copied.dtype}, {}, 540'000)};
    against_source.right = {
        op(ReadOp{false, 0, 0, std::get<CopyStep>(scene_.plan.steps[0].work).source_offset,
                  DType::bf16},
           {}, 540'000)};
    PlanCheck alone = against_source;
    alone.description = "copy.w is finite";
    alone.right.clear();
    scene_.plan.checks = {against_source, alone};
    state_memory(scene_.plan);
    NoProgress progress;
    Diagnostics diagnostics;
    built_ = run(scene_.plan, scene_.options, progress, diagnostics);
    ASSERT_EQ(built_.outcome, Outcome::done) << codes_of(diagnostics);
  }

  VerifyReport check() {
    diagnostics_ = {};
    NoProgress progress;
    VerifyOptions options;
    options.jobs = 2;
    return verify(scene_.out(), options, progress, diagnostics_);
  }
  /// Overwrites bytes of a built file.
  void spoil(const std::string& name, std::int64_t offset, const std::string& bytes) const {
    std::fstream file(join_path(scene_.out(), name),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset);
    file << bytes;
  }
  std::string only_message() const {
    return diagnostics_.list().size() == 1 ? diagnostics_.list()[0].message
                                           : codes_of(diagnostics_);
  }

  RunScene scene_;
  RunReport built_;
  Diagnostics diagnostics_;
};

TEST_F(VerifyTest, AcceptsWhatWasBuilt) {
  const VerifyReport report = check();
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(codes_of(diagnostics_), "");
  EXPECT_EQ(report.tensors, static_cast<std::int64_t>(scene_.plan.outputs.size()));
  EXPECT_EQ(report.checks_run, 2);
  EXPECT_TRUE(report.checks_skipped.empty());
  EXPECT_EQ(report.output_digest, built_.output_digest);
}

TEST_F(VerifyTest, NamesTheTensorWithAFlippedBit) {
  const OutputTensor& merged = scene_.plan.outputs[14];
  ASSERT_EQ(merged.name, "merged");
  spoil(scene_.plan.shards[merged.shard].name, merged.offset + merged.bytes - 1, "!");
  EXPECT_TRUE(check().complete);
  EXPECT_EQ(codes_of(diagnostics_), "E811");
  EXPECT_EQ(only_message(), "the bytes of tensor 'merged' are not those that were written");
  EXPECT_NE(diagnostics_.list()[0].subject.find("model-2.safetensors"), std::string::npos);
}

TEST_F(VerifyTest, NoticesChangedAndMissingFiles) {
  spoil("config.json", 0, "[");
  check();
  EXPECT_EQ(codes_of(diagnostics_), "E813");
  std::filesystem::remove(join_path(scene_.out(), "tokenizer.json"));
  check();
  EXPECT_EQ(codes_of(diagnostics_), "E813 E813");
}

TEST_F(VerifyTest, NoticesAMissingShard) {
  std::filesystem::remove(join_path(scene_.out(), "model-2.safetensors"));
  check();
  EXPECT_EQ(codes_of(diagnostics_).substr(0, 9), "E813 E812");
}

TEST_F(VerifyTest, NoticesAnotherFile) {
  std::filesystem::copy_file(scene_.source_path(), join_path(scene_.out(), "extra.safetensors"));
  check();
  EXPECT_EQ(codes_of(diagnostics_), "E812");
}

TEST_F(VerifyTest, NoticesRenamedTensors) {
  const std::string& header = scene_.plan.shards[0].header;
  const std::size_t at = header.find("copy.w");
  spoil("model.safetensors", static_cast<std::int64_t>(at), "copy.x");
  check();
  EXPECT_EQ(codes_of(diagnostics_), "E814 E812 E812");
}

TEST_F(VerifyTest, SkipsChecksWhoseSourcesAreGone) {
  std::filesystem::remove(scene_.source_path());
  const VerifyReport report = check();
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(codes_of(diagnostics_), "");
  EXPECT_EQ(report.checks_run, 1);
  EXPECT_EQ(report.checks_skipped, std::vector<std::string>{"copy.w is w"});
}

TEST_F(VerifyTest, Fault67NeedsAManifest) {
  std::filesystem::remove(join_path(scene_.out(), "manifest.json"));
  EXPECT_FALSE(check().complete);
  EXPECT_EQ(codes_of(diagnostics_), "E810");
  for (const char* text :
       {"", "{}", "[1]", "{\"inarch\": \"manifest/1\"}", "{\"inarch\": \"plan/1\"}"}) {
    std::ofstream(join_path(scene_.out(), "manifest.json")) << text;
    EXPECT_FALSE(check().complete);
    EXPECT_EQ(codes_of(diagnostics_), "E810") << text;
  }
}

TEST_F(VerifyTest, DoesNotFollowAManifestOutOfItsDirectory) {
  const std::string path = join_path(scene_.out(), "manifest.json");
  std::string text = RunScene::content(scene_.out(), true).at("manifest.json");
  const std::string name = "\"name\": \"config.json\"";
  text.replace(text.find(name), name.size(), "\"name\": \"../source/config.json\"");
  std::ofstream(path) << text;
  EXPECT_FALSE(check().complete);
  EXPECT_EQ(codes_of(diagnostics_), "E810");
}

}  // namespace
}  // namespace inarch
