// Power that is lost at any moment of a build: what was not made durable by then may be lost.

#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "tests/faults/durable_disk.h"
#include "tests/faults/scene.h"

namespace inarch::faults {
namespace {

class PowerTest : public SmallBuild {
 protected:
  /// Puts in place what a power loss has left of the output and of what is beside it.
  void restore(const DurableDisk::Tree& tree) const {
    clear();
    for (const auto& [path, bytes] : tree) {
      if (!path.starts_with(".out.") && !path.starts_with("out/")) continue;
      if (path.back() == '/') {
        std::filesystem::create_directory(work_ / path);
      } else {
        golden::write_file(work_ / path, bytes);
      }
    }
  }
  /// Loses power after each thing that a build does.
  void lose_power_everywhere() {
    clear();
    place_old();
    DurableDisk disk(work_);
    const std::filesystem::path log = root_ / "log";
    ASSERT_EQ(build_with("write_log", {"WRITE_LOG=" + log.string()}).exit_code, 0);
    std::ifstream lines(log);
    std::set<DurableDisk::Tree> seen;
    for (std::string line; std::getline(lines, line) && !HasFailure();) {
      disk.apply(line);
      for (const Loss loss : {Loss::all_unsynced, Loss::bytes_unsynced}) {
        const DurableDisk::Tree left = disk.after(loss);
        if (seen.insert(left).second) resume_from(left, line.substr(0, 60));
      }
    }
    EXPECT_GT(seen.size(), 20u);
    restore(disk.after(Loss::all_unsynced));  // what was done is durable
    EXPECT_EQ(different(content(), expected_), "");
  }
  void resume_from(const DurableDisk::Tree& left, const std::string& where) const {
    restore(left);
    const Content found = content();
    EXPECT_TRUE(found == before() || found == expected_) << where;
    EXPECT_EQ(build().exit_code, 0) << where;
    EXPECT_EQ(different(content(), expected_), "") << where;
    EXPECT_TRUE(leftovers().empty()) << where;
  }
};

TEST_F(PowerTest, Fault61LostAtAnyMoment) { lose_power_everywhere(); }

TEST_F(PowerTest, Fault61LostAtAnyMomentOfAReplacement) {
  replaces_ = true;
  lose_power_everywhere();
}

}  // namespace
}  // namespace inarch::faults
