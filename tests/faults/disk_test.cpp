// Disks that are full, or of which nothing may be changed: real ones, in memory.

#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/faults/scene.h"

namespace inarch::faults {
namespace {

class DiskTest : public SmallBuild {
 protected:
  void SetUp() override {
    SmallBuild::SetUp();
    if (!can_mount()) GTEST_SKIP() << "no file system may be mounted here";
    std::filesystem::create_directory(work_ / "disk");
  }
  /// Builds on a disk mounted with `options`. What is there afterwards comes to ./copied.
  ShellResult build_on(const std::string& options) const {
    std::filesystem::remove_all(work_ / "copied");
    return shell(
        fmt::format("unshare -m sh -c '"
                    "mount -t tmpfs -o {} tmpfs disk && {{ "
                    "inarch run recipe.yaml -o disk/out --jobs 1; code=$?; "
                    "cp -r disk copied; exit $code; }}'",
                    options));
  }
  /// A disk that grows until the build fits, its size in `unit` of `option`.
  void grow(const std::string& option, const std::string& unit, int step) {
    int too_small = 0;
    for (int size = step; size <= 100 * step; size += step) {
      const std::string options = fmt::format("{}={}{}", option, size, unit);
      const ShellResult result = build_on(options);
      if (result.exit_code == 0) break;
      ++too_small;
      is_told(result, options);
      EXPECT_NE(result.err.find("E703"), std::string::npos) << options << result.err;
      EXPECT_EQ(different(content_of(work_ / "copied"), Content()), "") << options << result.err;
    }
    EXPECT_GT(too_small, 3);
    EXPECT_EQ(different(content_of(work_ / "copied" / "out"), expected_), "");
  }
};

TEST_F(DiskTest, Fault57FullAtEveryPage) { grow("size", "k", 4); }

TEST_F(DiskTest, Fault57NoRoomForAnotherFile) { grow("nr_inodes", "", 1); }

TEST_F(DiskTest, Fault63ReadOnly) {
  const ShellResult result = build_on("ro");
  is_told(result, result.err);
  EXPECT_NE(result.err.find("Read-only file system"), std::string::npos) << result.err;
  EXPECT_EQ(different(content_of(work_ / "copied"), Content()), "");
}

}  // namespace
}  // namespace inarch::faults
