#include "runtime/io/parallel_tasks.h"

#include <numeric>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace inarch {
namespace {

class RunTasks : public testing::TestWithParam<int> {};

TEST_P(RunTasks, RunsEachTaskOnce) {
  std::vector<std::atomic<int>> runs(500);
  const Status status = run_tasks(GetParam(), runs.size(), [&]() -> TaskFunction {
    return [&](std::size_t task) -> Status {
      ++runs[task];
      return {};
    };
  });
  EXPECT_TRUE(status.ok());
  for (const auto& count : runs) EXPECT_EQ(count, 1);
}

TEST_P(RunTasks, ReturnsTheFailureOfTheLowestTask) {
  std::atomic<int> begun = 0;
  const Status status = run_tasks(GetParam(), 100000, [&]() -> TaskFunction {
    return [&](std::size_t task) -> Status {
      ++begun;
      return task >= 7 ? Status(error("E701", std::to_string(task))) : Status();
    };
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "7");
  EXPECT_LT(begun, 1000);
}

TEST_P(RunTasks, LetsExceptionsOut) {
  const auto run = [&] {
    return run_tasks(GetParam(), 50, []() -> TaskFunction {
      return [](std::size_t task) -> Status {
        if (task == 20) throw std::runtime_error("x");
        return {};
      };
    });
  };
  EXPECT_THROW((void)run(), std::runtime_error);
}

TEST_P(RunTasks, StopsWhenAsked) {
  std::atomic<bool> stop = false;
  std::atomic<int> begun = 0;
  const Status status = run_tasks(
      GetParam(), 100000,
      [&]() -> TaskFunction {
        return [&](std::size_t task) -> Status {
          ++begun;
          if (task == 10) stop = true;
          return {};
        };
      },
      &stop);
  EXPECT_TRUE(status.ok());
  EXPECT_GE(begun, 11);
  EXPECT_LT(begun, 100000);
}

INSTANTIATE_TEST_SUITE_P(Jobs, RunTasks, testing::Values(1, 2, 5));

TEST(RunTasks, NothingToDoIsFine) {
  int workers = 0;
  EXPECT_TRUE(run_tasks(4, 0, [&]() -> TaskFunction {
                ++workers;
                return [](std::size_t) -> Status { return {}; };
              }).ok());
  EXPECT_EQ(workers, 0);
}

TEST(SplitIntoParts, CoversEverythingOnce) {
  const auto parts = split_into_parts({10, 0, 4, 5}, 4);
  std::vector<std::int64_t> covered(4, 0);
  for (const Part& part : parts) {
    EXPECT_EQ(part.begin, covered[part.item]);
    EXPECT_GT(part.size, 0);
    EXPECT_LE(part.size, 4);
    covered[part.item] += part.size;
  }
  EXPECT_EQ(covered, (std::vector<std::int64_t>{10, 0, 4, 5}));
  EXPECT_EQ(parts.size(), 6u);
}

}  // namespace
}  // namespace inarch
