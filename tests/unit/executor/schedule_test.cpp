#include "runtime/executor/schedule.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace inarch {
namespace {

/// Units with random demands that note how they overlap.
class Recorder : public UnitWork {
 public:
  std::vector<Demand> demands;
  std::int64_t failing = -1;

  std::int64_t units() const override { return static_cast<std::int64_t>(demands.size()); }
  Demand demand(std::int64_t unit) const override {
    return demands[static_cast<std::size_t>(unit)];
  }
  Status run(std::int64_t unit, Arena& arena) override {
    const Demand& mine = demands[static_cast<std::size_t>(unit)];
    {
      const std::scoped_lock lock(mutex_);
      order.push_back(unit);
      in_use_ += mine.scratch;
      if (live_.insert(mine.group).second) in_use_ += mine.resident;
      most = std::max(most, in_use_);
    }
    std::memset(arena.take(mine.scratch), 1, static_cast<std::size_t>(mine.scratch));
    if (unit % 3 == 0) std::this_thread::yield();
    if (unit == failing) return error("E999", "as asked");
    const std::scoped_lock lock(mutex_);
    in_use_ -= mine.scratch;
    return {};
  }
  void group_done(std::int64_t group) override {
    const std::scoped_lock lock(mutex_);
    EXPECT_EQ(live_.erase(group), 1u);
    for (const Demand& demand : demands) {
      if (demand.group != group) continue;
      in_use_ -= demand.resident;
      break;
    }
  }
  bool any_left() const { return !live_.empty(); }

  std::vector<std::int64_t> order;
  std::int64_t most = 0;

 private:
  std::mutex mutex_;
  std::set<std::int64_t> live_;
  std::int64_t in_use_ = 0;
};

void fill_with_demands(Recorder& work, std::mt19937_64& random, int units) {
  std::int64_t group = 0;
  UnitWork::Demand demand;
  for (int i = 0; i < units; ++i) {
    if (i == 0 || random() % 4 == 0) {
      ++group;
      demand = {static_cast<std::int64_t>(64 * (random() % 1000)),
                random() % 3 == 0 ? static_cast<std::int64_t>(random() % 50'000) : 0, group};
    }
    work.demands.push_back(demand);
  }
}

std::int64_t least(const Recorder& work) {
  std::int64_t most = 0;
  for (const auto& demand : work.demands) most = std::max(most, demand.scratch + demand.resident);
  return most;
}

TEST(Schedule, RunsEveryUnitOnceWithinItsMemory) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 60; ++round) {
    Recorder work;
    fill_with_demands(work, random, 1 + static_cast<int>(random() % 120));
    const std::int64_t memory = least(work) + static_cast<std::int64_t>(random() % 100'000);
    const int jobs = 1 + static_cast<int>(random() % 6);
    const ScheduleResult result = run_units(work, {jobs, memory, nullptr});
    EXPECT_FALSE(result.fault.has_value());
    EXPECT_FALSE(result.stopped);
    EXPECT_LE(result.peak_memory, memory);
    EXPECT_LE(work.most, memory);
    EXPECT_FALSE(work.any_left());
    const bool in_order = std::is_sorted(work.order.begin(), work.order.end());
    EXPECT_TRUE(in_order || jobs > 1);
    std::sort(work.order.begin(), work.order.end());
    ASSERT_EQ(work.order.size(), work.demands.size());
    for (std::size_t i = 0; i < work.order.size(); ++i) {
      EXPECT_EQ(work.order[i], static_cast<std::int64_t>(i));
    }
  }
}

TEST(Schedule, StopsAtAFailure) {
  std::mt19937_64 random(2);
  for (const int jobs : {1, 4}) {
    Recorder work;
    fill_with_demands(work, random, 100);
    work.failing = 40;
    const ScheduleResult result = run_units(work, {jobs, least(work), nullptr});
    ASSERT_TRUE(result.fault.has_value());
    EXPECT_EQ(result.fault->code, "E999");
    EXPECT_LT(work.order.size(), 50u);
    EXPECT_FALSE(work.any_left());
  }
}

TEST(Schedule, StopsWhenAsked) {
  Recorder work;
  std::mt19937_64 random(3);
  fill_with_demands(work, random, 10);
  const std::atomic<bool> stop = true;
  const ScheduleResult result = run_units(work, {3, least(work), &stop});
  EXPECT_TRUE(result.stopped);
  EXPECT_TRUE(work.order.empty());
}

TEST(Schedule, NothingToDoIsDone) {
  Recorder work;
  const ScheduleResult result = run_units(work, {3, 0, nullptr});
  EXPECT_FALSE(result.stopped);
  EXPECT_FALSE(result.fault.has_value());
}

TEST(Schedule, TurnsExceptionsIntoFindings) {
  class Throws : public UnitWork {
   public:
    std::int64_t units() const override { return 3; }
    Demand demand(std::int64_t) const override { return {64, 0, 0}; }
    Status run(std::int64_t unit, Arena& arena) override {
      if (unit == 0) arena.take(65);
      throw std::bad_alloc();
    }
    void group_done(std::int64_t) override {}
  } work;
  const ScheduleResult result = run_units(work, {1, 1000, nullptr});
  ASSERT_TRUE(result.fault.has_value());
  EXPECT_EQ(result.fault->code, "E903");
}

TEST(Arena, HoldsNoMoreThanItsLimit) {
  Arena arena(1 << 20);
  arena.set_limit(1000);
  EXPECT_NO_THROW(arena.take(960));
  EXPECT_THROW(arena.take(64), std::length_error);
  arena.set_limit(1 << 20);
  auto* bytes = static_cast<unsigned char*>(arena.take(1 << 20));
  std::memset(bytes, 7, 1 << 20);
  // Pages above a lower limit are gone, and come back as zeros.
  arena.set_limit(4096);
  arena.set_limit(1 << 20);
  EXPECT_EQ(bytes[4096], 0);
  EXPECT_EQ(bytes[(1 << 20) - 1], 0);
}

}  // namespace
}  // namespace inarch
