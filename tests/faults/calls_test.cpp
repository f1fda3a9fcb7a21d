// The n-th call into the C library fails or is cut short, for every n.

#include <cerrno>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/faults/scene.h"

namespace inarch::faults {
namespace {

std::string fails_with(int error_number) { return fmt::format("FAULT_ERRNO={}", error_number); }

class Fault57FullDisk : public SmallBuild, public testing::WithParamInterface<const char*> {};

TEST_P(Fault57FullDisk, IsToldAndLeavesNothing) {
  strike_calls(GetParam(), fails_with(ENOSPC), [&](const ShellResult& result, const auto& where) {
    is_told(result, where);
    EXPECT_NE(result.err.find("E703"), std::string::npos) << where;
    EXPECT_TRUE(leftovers().empty()) << where;
  });
}

INSTANTIATE_TEST_SUITE_P(Calls, Fault57FullDisk, testing::Values("pwrite", "fallocate", "mkdir"));

class Fault58FailedCall : public SmallBuild, public testing::WithParamInterface<const char*> {};

TEST_P(Fault58FailedCall, LeavesNothingHalfDone) {
  strike_calls(GetParam(), fails_with(EIO), ends_well);
}

INSTANTIATE_TEST_SUITE_P(Calls, Fault58FailedCall,
                         testing::Values("open", "openat", "pread", "pwrite", "fsync", "ftruncate",
                                         "fallocate", "fstat", "mkdir", "rename", "close", "unlink",
                                         "rmdir", "flock"));

class Fault58Replacement : public SmallBuild, public testing::WithParamInterface<const char*> {};

TEST_P(Fault58Replacement, IsTheOldOrTheNew) {
  replaces_ = true;
  strike_calls(GetParam(), fails_with(EIO), ends_well);
}

INSTANTIATE_TEST_SUITE_P(Calls, Fault58Replacement,
                         testing::Values("fsync", "rename", "renameat2", "unlinkat"));

class Fault59Interrupted : public SmallBuild, public testing::WithParamInterface<const char*> {};

TEST_P(Fault59Interrupted, GoesOn) { strike_calls(GetParam(), fails_with(EINTR), succeeds); }

INSTANTIATE_TEST_SUITE_P(Calls, Fault59Interrupted,
                         testing::Values("pread", "pwrite", "open", "openat", "fsync", "ftruncate",
                                         "fallocate", "close", "flock"));

class Fault59Short : public SmallBuild, public testing::WithParamInterface<const char*> {};

TEST_P(Fault59Short, GoesOn) { strike_calls(GetParam(), "FAULT_SHORT=1", succeeds); }

INSTANTIATE_TEST_SUITE_P(Calls, Fault59Short, testing::Values("pread", "pwrite"));

}  // namespace
}  // namespace inarch::faults
