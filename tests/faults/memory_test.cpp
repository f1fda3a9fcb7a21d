// The n-th request for memory is refused, for every n.

#include <csignal>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/faults/scene.h"

namespace inarch::faults {
namespace {

class MemoryTest : public SmallBuild {
 protected:
  /// Up to where a run takes the lock of its output, nothing that a copy of the process does can
  /// disturb the process itself: one run tries all requests. Gives the last that it tried.
  long try_all_until_locked(const std::string& mode) {
    const std::filesystem::path list = root_ / "each";
    std::filesystem::remove(list);
    const ShellResult result = build_with("memory_faults", {"MEMORY_EACH=" + list.string(), mode});
    EXPECT_EQ(result.exit_code, 0) << result.err.substr(0, 1000);
    EXPECT_EQ(different(content(), expected_), "");
    std::ifstream lines(list);
    long number = 0;
    int exit_code = 0;
    long last = 0;
    while (lines >> number >> exit_code) {
      EXPECT_TRUE(exit_code == 2 || may_do_without(exit_code)) << number << ": exit " << exit_code;
      last = number;
    }
    return last;
  }
  ShellResult fails_at(long number) const {
    return build_with("memory_faults",
                      {fmt::format("MEMORY_FAILS_AT={}", number), "MEMORY_HIT=" + hit_.string()});
  }
  /// Exit code 0: a buffer of the C library without which it writes all the same.
  static bool may_do_without(int exit_code) { return exit_code == 0; }
};

TEST_F(MemoryTest, Fault64RefusedOnce) {
  const long compiled = try_all_until_locked("MEMORY_FAILS_ON=0");
  ASSERT_GT(compiled, 1000);
  long number = compiled;
  do {
    std::filesystem::remove(hit_);
    clear();
    const ShellResult result = fails_at(++number);
    const std::string where =
        fmt::format("request {}: exit {}\n{}", number, result.exit_code, result.err);
    ends_well(result, where);
    const Content found = content();  // complete when there was no memory to say that it is
    EXPECT_TRUE(found == before() || found == expected_) << where;
    EXPECT_TRUE(result.exit_code != 0 || found == expected_) << where;
    EXPECT_TRUE(leftovers().empty()) << where;
  } while (std::filesystem::exists(hit_) && !HasFailure());
  EXPECT_GT(number, compiled + 100);
}

TEST_F(MemoryTest, Fault64RefusedFromThenOn) {
  ASSERT_GT(try_all_until_locked("MEMORY_FAILS_ON=1"), 1000);
}

}  // namespace
}  // namespace inarch::faults
