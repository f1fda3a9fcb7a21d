#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "runtime/executor/schedule.h"

namespace inarch {

/// Hands out units in order, and memory with them; see schedule.cpp for why it never locks up.
class Admission {
 public:
  Admission(UnitWork& work, const ScheduleLimits& limits) : work_(work), limits_(limits) {}

  /// Once, before any worker begins.
  void prepare();
  /// The largest scratch of any unit, for which workers make their arenas.
  std::int64_t largest_scratch();
  UnitWork& work() { return work_; }

  /// One worker's hold on memory: its arena keeps pages from unit to unit.
  struct Worker {
    explicit Worker(std::int64_t most) : arena(most) {}
    Arena arena;
    std::int64_t held = 0;
  };

  /// Waits for the next unit to be admitted and sets the arena's limit. Nothing when there is none.
  std::optional<std::int64_t> take(Worker& worker);
  void done(std::int64_t unit);
  void fail(std::int64_t unit, Diagnostic fault);
  /// The worker takes no more units; its pages are gone.
  void leave(Worker& worker);
  ScheduleResult result();

 private:
  struct Group {
    std::int64_t resident = 0;
    std::int64_t in_flight = 0;
    bool all_started = false;
  };

  bool over() const;
  void drop(Worker& worker);
  bool fits(const Worker& worker, const UnitWork::Demand& demand) const;
  void admit(Worker& worker, std::int64_t unit, const UnitWork::Demand& demand);
  void finish_group_if_idle(std::map<std::int64_t, Group>::iterator group);

  UnitWork& work_;
  const ScheduleLimits& limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t largest_scratch_ = 0;
  std::int64_t next_ticket_ = 0;
  std::int64_t serving_ = 0;
  bool head_waits_ = false;
  std::int64_t next_unit_ = 0;
  std::int64_t in_use_ = 0;
  std::int64_t peak_ = 0;
  std::int64_t finished_ = 0;
  std::map<std::int64_t, Group> groups_;  // those in flight
  std::int64_t failed_unit_ = -1;
  std::optional<Diagnostic> fault_;
};

}  // namespace inarch
