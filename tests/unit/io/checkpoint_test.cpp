#include "runtime/io/checkpoint.h"

#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "raw_safetensors.h"
#include "temporary_directory.h"

namespace inarch {
namespace {

class OpenCheckpoint : public testing::Test {
 protected:
  std::string index(const std::string& map, const std::string& total = "3") {
    return directory_.write(
        "model.safetensors.index.json",
        "{\"metadata\":{\"total_size\":" + total + "},\"weight_map\":{" + map + "}}");
  }
  /// Two shards: a (1 byte) and b (2 bytes).
  void two_shards() {
    directory_.write("m-1.safetensors", one_tensor("a", 1));
    directory_.write("m-2.safetensors", one_tensor("b", 2));
  }
  std::optional<Checkpoint> open() { return open_at(directory_.path()); }
  std::optional<Checkpoint> open_at(const std::string& location) {
    diagnostics_ = {};
    auto checkpoint = open_checkpoint(location, diagnostics_);
    EXPECT_EQ(checkpoint.has_value(), !diagnostics_.has_errors()) << text();
    return checkpoint;
  }
  std::string text() const { return described(diagnostics_); }
  std::string found() const { return codes(diagnostics_); }
  void link(const std::string& target, const std::string& name) {
    ASSERT_TRUE(make_directories(parent_path(directory_.at(name))));
    ASSERT_EQ(::symlink(target.c_str(), directory_.at(name).c_str()), 0);
  }

  TemporaryDirectory directory_;
  Diagnostics diagnostics_;
};

TEST_F(OpenCheckpoint, ReadsShardsByTheirIndex) {
  two_shards();
  index(R"("b":"m-2.safetensors","a":"m-1.safetensors")");
  directory_.write("config.json", R"({"hidden_size": 64, "a": {"b": [1, 2.5]}})");
  directory_.write("tokenizer.json", "{}");
  directory_.write("modeling_x.py", "raise SystemExit");
  directory_.write("sub/other.txt", "");
  const auto checkpoint = open_at(directory_.path() + "//");
  ASSERT_TRUE(checkpoint) << text();
  EXPECT_EQ(found(), "");
  EXPECT_EQ(checkpoint->location, directory_.path());
  ASSERT_EQ(checkpoint->files.size(), 2u);
  EXPECT_EQ(checkpoint->files[1].name, "m-2.safetensors");
  EXPECT_EQ(checkpoint->files[1].path, directory_.at("m-2.safetensors"));
  ASSERT_EQ(checkpoint->tensors.size(), 2u);
  ASSERT_NE(checkpoint->find("b"), nullptr);
  EXPECT_EQ(checkpoint->find("b")->file, 1u);
  EXPECT_EQ(checkpoint->find("b")->bytes, 2);
  EXPECT_EQ(*checkpoint->config.find("hidden_size")->if_int(), 64);
  EXPECT_EQ(checkpoint->side_files,
            (std::vector<std::string>{"config.json", "modeling_x.py", "tokenizer.json"}));
}

TEST_F(OpenCheckpoint, ReadsASingleFileModel) {
  directory_.write("model.safetensors", one_tensor("a", 1));
  directory_.write("consolidated.safetensors", one_tensor("a", 1));
  directory_.write("pytorch_model.bin", "never opened");
  directory_.write("README.md", "");
  const auto checkpoint = open();
  ASSERT_TRUE(checkpoint) << text();
  EXPECT_EQ(checkpoint->files.size(), 1u);
  EXPECT_TRUE(checkpoint->config.is_null());
  EXPECT_EQ(checkpoint->side_files, std::vector<std::string>{"README.md"});
}

TEST_F(OpenCheckpoint, TakesAllFilesWhenThereIsNoIndex) {
  directory_.write("part-10.safetensors", one_tensor("c", 1));
  directory_.write("part-9.safetensors", one_tensor("b", 1));
  directory_.write("adapter_model.safetensors", one_tensor("a", 1));
  const auto checkpoint = open();
  ASSERT_TRUE(checkpoint) << text();
  std::string order;
  for (const TensorInfo& tensor : checkpoint->tensors) order += tensor.name;
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(checkpoint->tensors[2].file, 2u);
}

TEST_F(OpenCheckpoint, Fault37RefusesATensorInTwoFiles) {
  directory_.write("x.safetensors", one_tensor("a", 1));
  directory_.write("y.safetensors", one_tensor("a", 1));
  EXPECT_FALSE(open());
  EXPECT_EQ(text(), "E430 tensor 'a' is in two files: x.safetensors and y.safetensors [" +
                        directory_.path() + "]\n");
}

TEST_F(OpenCheckpoint, Fault37RefusesATensorInTwoShards) {
  directory_.write("m-1.safetensors", one_tensor("a", 1));
  directory_.write("m-2.safetensors", one_tensor("a", 2));
  index(R"("a":"m-1.safetensors","x":"m-2.safetensors")");
  EXPECT_FALSE(open());
  EXPECT_TRUE(found().starts_with("E430")) << text();
}

TEST_F(OpenCheckpoint, ReadsOneFileWithTheConfigBesideIt) {
  const std::string path = directory_.write("lora.safetensors", one_tensor("a", 1));
  directory_.write("config.json", R"({"r": 8})");
  const auto checkpoint = open_at(path);
  ASSERT_TRUE(checkpoint) << text();
  EXPECT_EQ(checkpoint->location, path);
  EXPECT_EQ(checkpoint->files.front().name, "lora.safetensors");
  EXPECT_EQ(*checkpoint->config.find("r")->if_int(), 8);
  EXPECT_TRUE(checkpoint->side_files.empty());
  EXPECT_NE(checkpoint->find("a"), nullptr);
}

TEST_F(OpenCheckpoint, Fault37NamesMissingShards) {
  two_shards();
  index(R"("a":"m-1.safetensors","b":"m-3.safetensors","c":"m-4.safetensors")");
  EXPECT_FALSE(open());
  EXPECT_EQ(found(), "E428");
  EXPECT_NE(text().find("2 of 3 shards that the index names are not there: m-3.safetensors and "
                        "m-4.safetensors"),
            std::string::npos)
      << text();
}

TEST_F(OpenCheckpoint, Fault37RefusesAnIndexThatMisplacesTensors) {
  two_shards();
  index(R"("a":"m-2.safetensors","b":"m-2.safetensors","z":"m-1.safetensors")");
  EXPECT_FALSE(open());
  EXPECT_EQ(found(), "E429");
  EXPECT_NE(text().find("tensor 'a' is in m-1.safetensors, but the index places it in "
                        "m-2.safetensors | 1 more of this kind"),
            std::string::npos)
      << text();
  index(R"("a":"m-1.safetensors","b":"m-2.safetensors","z":"m-1.safetensors")");
  EXPECT_FALSE(open());
  EXPECT_NE(text().find("tensor 'z' is not in m-1.safetensors, where the index places it"),
            std::string::npos)
      << text();
}

TEST_F(OpenCheckpoint, Fault37WarnsOfWhatDoesNotHinder) {
  two_shards();
  directory_.write("m-2.safetensors",
                   raw_safetensors(R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                   R"("u":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                                   3));
  index(R"("a":"m-1.safetensors","b":"m-2.safetensors")", "1000");
  const auto checkpoint = open();
  ASSERT_TRUE(checkpoint) << text();
  EXPECT_EQ(found(), "W401 W402");
  EXPECT_NE(text().find("does not list u"), std::string::npos);
  EXPECT_NE(text().find("1,000 bytes, but the tensors have 4"), std::string::npos);
  EXPECT_NE(checkpoint->find("u"), nullptr);
}

TEST_F(OpenCheckpoint, Fault36RefusesIndexesThatLeadOutOfTheDirectory) {
  directory_.write("secret.safetensors", one_tensor("a", 1));
  directory_.write("model/model.safetensors.index.json",
                   R"({"weight_map":{"a":"../secret.safetensors"}})");
  EXPECT_FALSE(open_at(directory_.at("model")));
  EXPECT_EQ(found(), "E427");
}

TEST_F(OpenCheckpoint, Fault40RefusesPicklesWithoutOpeningThem) {
  ASSERT_EQ(::mkfifo(directory_.at("pytorch_model.bin").c_str(), 0600), 0);
  EXPECT_FALSE(open());
  EXPECT_EQ(found(), "E423");
  ASSERT_EQ(::unlink(directory_.at("pytorch_model.bin").c_str()), 0);
  directory_.write("consolidated.00.pth", "x");
  directory_.write("model.gguf", "GGUF");
  EXPECT_FALSE(open());
  EXPECT_EQ(found(), "E424");
  EXPECT_NE(text().find("consolidated.00.pth"), std::string::npos);
  EXPECT_FALSE(open_at(directory_.at("consolidated.00.pth")));
  EXPECT_EQ(found(), "E424");
}

/// Whatever counts, offsets and alignment it states: not one of them is read.
TEST_F(OpenCheckpoint, Fault42RefusesGgufWithoutReadingIt) {
  const std::string giant = "GGUF\3" + std::string(3, '\0') + std::string(16, '\xff');
  directory_.write("model.gguf", giant);
  EXPECT_FALSE(open());
  EXPECT_EQ(found(), "E425");
  EXPECT_FALSE(open_at(directory_.at("model.gguf")));
  EXPECT_EQ(found(), "E425");
  directory_.write("model.safetensors", giant);
  EXPECT_FALSE(open());
  EXPECT_EQ(found(), "E425");
}

TEST_F(OpenCheckpoint, SaysWhereTheWeightsMayBe) {
  EXPECT_FALSE(open());
  EXPECT_EQ(text(), "E423 the directory is empty, expected *.safetensors files [" +
                        directory_.path() + "]\n");
  directory_.write("checkpoint-500/model.safetensors", one_tensor("a", 1));
  EXPECT_FALSE(open());
  EXPECT_EQ(text(), "E423 the directory has no *.safetensors file = did you mean " +
                        directory_.at("checkpoint-500") + "? [" + directory_.path() + "]\n");
  EXPECT_FALSE(open_at(directory_.at("checkpoint-50")));
  EXPECT_EQ(text(), "E422 no such file or directory = did you mean " +
                        directory_.at("checkpoint-500") + "? [" + directory_.at("checkpoint-50") +
                        "]\n");
  EXPECT_FALSE(open_at(directory_.at("no/such")));
  EXPECT_EQ(found(), "E422");
}

TEST_F(OpenCheckpoint, Fault38FollowsTheLinksOfAHubCache) {
  directory_.write("models--o--n/blobs/111", one_tensor("a", 1));
  directory_.write("models--o--n/blobs/222", R"({"x": 1})");
  link("../../blobs/111", "models--o--n/snapshots/c/model.safetensors");
  link("../../blobs/222", "models--o--n/snapshots/c/config.json");
  const auto checkpoint = open_at(directory_.at("models--o--n/snapshots/c"));
  ASSERT_TRUE(checkpoint) << text();
  EXPECT_NE(checkpoint->find("a"), nullptr);
  EXPECT_NE(checkpoint->config.find("x"), nullptr);
  EXPECT_EQ(checkpoint->side_files, std::vector<std::string>{"config.json"});
  EXPECT_TRUE(open_at(directory_.at("models--o--n/snapshots/c/model.safetensors"))) << text();
}

TEST_F(OpenCheckpoint, Fault38RefusesLinksThatLeaveAHubCache) {
  directory_.write("outside.safetensors", one_tensor("a", 1));
  directory_.write("outside.txt", "secret");
  directory_.write("models--o--n/blobs/111", one_tensor("a", 1));
  link("../../../outside.safetensors", "models--o--n/snapshots/c/model.safetensors");
  EXPECT_FALSE(open_at(directory_.at("models--o--n/snapshots/c")));
  EXPECT_EQ(found(), "E431");
  EXPECT_FALSE(open_at(directory_.at("models--o--n/snapshots/c/model.safetensors")));
  EXPECT_EQ(found(), "E431");
  link("../../blobs/111", "models--o--n/snapshots/d/model.safetensors");
  link(directory_.at("outside.txt"), "models--o--n/snapshots/d/tokenizer.json");
  EXPECT_FALSE(open_at(directory_.at("models--o--n/snapshots/d")));
  EXPECT_EQ(found(), "E431");
}

TEST_F(OpenCheckpoint, Fault39FollowsLinksOfPlainDirectoriesToRegularFilesOnly) {
  directory_.write("elsewhere.safetensors", one_tensor("a", 1));
  link(directory_.at("elsewhere.safetensors"), "model/model.safetensors");
  EXPECT_TRUE(open_at(directory_.at("model"))) << text();
  link("/dev/zero", "device/model.safetensors");
  EXPECT_FALSE(open_at(directory_.at("device")));
  EXPECT_EQ(found(), "E421");
  link("nowhere", "dangling/model.safetensors");
  EXPECT_FALSE(open_at(directory_.at("dangling")));
  EXPECT_EQ(found(), "E428");
}

TEST_F(OpenCheckpoint, Fault39DoesNotWaitForAPipe) {
  ASSERT_EQ(::mkfifo(directory_.at("model.safetensors").c_str(), 0600), 0);
  EXPECT_FALSE(open());
  EXPECT_EQ(found(), "E421");
  EXPECT_FALSE(open_at(directory_.at("model.safetensors")));
  EXPECT_EQ(found(), "E421");
}

TEST_F(OpenCheckpoint, ReportsEveryShardThatIsDamaged) {
  directory_.write("m-1.safetensors", "");
  directory_.write("m-2.safetensors", "version https://git-lfs.github.com/spec/v1\n");
  directory_.write("config.json", "{");
  index(R"("a":"m-1.safetensors","b":"m-2.safetensors")");
  EXPECT_FALSE(open());
  EXPECT_EQ(found(), "E401 E418 E420");
}

TEST_F(OpenCheckpoint, RefusesAConfigThatIsNoObject) {
  directory_.write("model.safetensors", one_tensor("a", 1));
  directory_.write("config.json", "[1]");
  EXPECT_FALSE(open());
  EXPECT_EQ(found(), "E420");
}

}  // namespace
}  // namespace inarch
