#include "runtime/cli/synth_write.h"

#include <sys/stat.h>

#include "runtime/io/output_dir.h"
#include "tests/unit/cli/small_checkpoint.h"

namespace inarch {
namespace {

class SynthWrite : public testing::Test {
 protected:
  SynthLayout layout(std::int64_t shard_size = 1'000'000'000) const {
    std::vector<ArchTensor> tensors(3);
    tensors[0].name = "embed.weight";
    tensors[0].shape = {1000, 700};  // three tiles
    tensors[1].name = "norm.weight";
    tensors[1].shape = {9};
    tensors[2].name = "clip_min";
    tensors[2].buffer = true;
    Diagnostics diagnostics;
    return lay_out_model(tensors, DType::bf16, shard_size, diagnostics).value();
  }
  Result<bool> write(const SynthLayout& model, const std::string& name,
                     const SynthWriting& writing = {}) {
    NoProgress progress;
    return write_model(model, "{}\n", directory_.at(name), writing, progress);
  }
  void expect_written(const Result<bool>& result) {
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_TRUE(*result);
  }

  TemporaryDirectory directory_;
};

TEST_F(SynthWrite, WritesAModelThatOpens) {
  const SynthLayout model = layout(100);
  expect_written(write(model, "out"));
  const Checkpoint checkpoint = opened(directory_.at("out"));
  EXPECT_EQ(checkpoint.files.size(), 2u);
  EXPECT_EQ(checkpoint.tensors.size(), 3u);
  EXPECT_EQ(checkpoint.side_files, std::vector<std::string>{"config.json"});
  EXPECT_FALSE(exists(work_dir_for(directory_.at("out"))));
}

TEST_F(SynthWrite, BytesDoNotDependOnJobs) {
  SynthWriting many;
  many.jobs = 3;
  expect_written(write(layout(), "one"));
  expect_written(write(layout(), "many", many));
  const std::string bytes = directory_.read("one/model.safetensors");
  EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), layout().shards[0].size);
  EXPECT_EQ(directory_.read("many/model.safetensors"), bytes);
}

TEST_F(SynthWrite, EveryTileHasValues) {
  expect_written(write(layout(), "out"));
  const std::string bytes = directory_.read("out/model.safetensors");
  for (std::size_t at = 4096; at + 64 < bytes.size(); at += 4096)
    ASSERT_NE(bytes.substr(at, 64), std::string(64, '\0')) << at;
}

TEST_F(SynthWrite, AHollowModelHasTheSizesAndNoBlocks) {
  SynthWriting writing;
  writing.hollow = true;
  expect_written(write(layout(), "out", writing));
  const Checkpoint checkpoint = opened(directory_.at("out"));
  EXPECT_EQ(checkpoint.files[0].size, layout().shards[0].size);
  struct stat status {};
  ASSERT_EQ(::stat(directory_.at("out/model.safetensors").c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, status.st_size / 4);
}

TEST_F(SynthWrite, ReplacesOnlyWhenAsked) {
  directory_.write("out/notes.txt", "mine");
  const auto refused = write(layout(), "out");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "E705");
  EXPECT_EQ(directory_.read("out/notes.txt"), "mine");
  SynthWriting writing;
  writing.replace = true;
  expect_written(write(layout(), "out", writing));
  EXPECT_FALSE(exists(directory_.at("out/notes.txt")));
}

TEST_F(SynthWrite, IsBusyWhileAnotherWrites) {
  const auto lock = lock_output(directory_.at("out"));
  ASSERT_TRUE(lock.ok());
  const auto refused = write(layout(), "out");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "E704");
}

TEST_F(SynthWrite, LeavesNothingWhenStopped) {
  const std::atomic<bool> stop = true;
  SynthWriting writing;
  writing.stop = &stop;
  const auto result = write(layout(), "out", writing);
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(*result);
  EXPECT_FALSE(exists(directory_.at("out")));
  EXPECT_FALSE(exists(work_dir_for(directory_.at("out"))));
}

}  // namespace
}  // namespace inarch
