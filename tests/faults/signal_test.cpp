// Signals that ask a run to end, at every point of it.

#include <csignal>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/faults/scene.h"

namespace inarch::faults {
namespace {

class SignalTest : public SmallBuild {
 protected:
  /// What a run may answer to a signal: that it was interrupted and how to go on, or, when nothing
  /// was left to do, that it is done.
  Judge interrupted(int exit_code) {
    return [this, exit_code](const ShellResult& result, const std::string& where) {
      if (result.exit_code == 0) return;
      ++interrupted_;
      EXPECT_EQ(result.exit_code, exit_code) << where;
      EXPECT_EQ(different(content(), Content()), "") << where;
      EXPECT_NE(result.err.find("the same command resumes"), std::string::npos) << where;
    };
  }
  int interrupted_ = 0;
};

TEST_F(SignalTest, Fault62InterruptedIsResumed) {
  strike_calls("pwrite", fmt::format("FAULT_SIGNAL={}", SIGINT), interrupted(130));
  EXPECT_GT(interrupted_, 3);
}

TEST_F(SignalTest, Fault62TerminatedIsResumed) {
  strike_calls("pwrite", fmt::format("FAULT_SIGNAL={}", SIGTERM), interrupted(143));
  EXPECT_GT(interrupted_, 3);
}

TEST_F(SignalTest, Fault62TheSecondSignalEndsAtOnce) {
  strike_calls("pwrite", fmt::format("FAULT_SIGNAL_TWICE={}", SIGINT),
               [](const ShellResult& result, const std::string& where) {
                 EXPECT_EQ(result.exit_code, 130) << where;
                 EXPECT_EQ(result.err.find("resumes"), std::string::npos) << where;
               });
}

}  // namespace
}  // namespace inarch::faults
