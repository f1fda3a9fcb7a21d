#include "runtime/io/replace_file.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "runtime/io/file.h"
#include "temporary_directory.h"

namespace inarch {
namespace {

namespace fs = std::filesystem;

TEST(ReplaceFile, PutsTheTextWhereTheFileWasAndLeavesNothingElse) {
  const TemporaryDirectory directory;
  const std::string path = directory.at("recipe.yaml");
  ASSERT_TRUE(replace_file(path, "first"));
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(replace_file(path, "second"));
  EXPECT_EQ(*read_small_file(path, 100), "second");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.at("")), fs::directory_iterator()), 1);
}

TEST(ReplaceFile, WritesThroughALink) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(replace_file(directory.at("real"), "first"));
  fs::create_symlink("real", directory.at("link"));
  ASSERT_TRUE(replace_file(directory.at("link"), "second"));
  EXPECT_TRUE(fs::is_symlink(directory.at("link")));
  EXPECT_EQ(*read_small_file(directory.at("real"), 100), "second");
}

TEST(ReplaceFile, KeepsWhatWasThereWhenItCannot) {
  const TemporaryDirectory directory;
  EXPECT_EQ(replace_file(directory.at("missing/file"), "text").error().code, "E702");
}

}  // namespace
}  // namespace inarch
