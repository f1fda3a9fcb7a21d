#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "compiler/support/result.h"
#include "runtime/executor/arena.h"

namespace inarch {

/// Work that is cut into units, taken in order. Units with the same group follow each other.
class UnitWork {
 public:
  /// What a unit needs before it may start.
  struct Demand {
    std::int64_t scratch = 0;  // of the worker's arena, while the unit runs
    std::int64_t resident =
        0;  // shared by the group, from its first unit's start to its last's end
    std::int64_t group = 0;
  };

  UnitWork() = default;
  UnitWork(const UnitWork&) = delete;
  UnitWork& operator=(const UnitWork&) = delete;
  virtual ~UnitWork() = default;

  virtual std::int64_t units() const = 0;
  virtual Demand demand(std::int64_t unit) const = 0;
  /// Called from any worker. The arena's limit is the unit's scratch.
  virtual Status run(std::int64_t unit, Arena& arena) = 0;
  /// The last unit of a group is done: its shared memory must go now.
  virtual void group_done(std::int64_t group) = 0;
};

struct ScheduleLimits {
  int jobs = 1;
  std::int64_t memory = 0;                  // for arenas and residents together
  const std::atomic<bool>* stop = nullptr;  // no further unit starts once it is set
};

struct ScheduleResult {
  std::optional<Diagnostic> fault;  // of the first unit, in order, that failed
  bool stopped = false;             // before all units were done
  std::int64_t peak_memory = 0;     // most that was admitted at once
};

/// Runs all units on `jobs` workers. The order of starts is the order of units for any number of
/// workers and any memory; after a failure or a stop none starts, and those in flight are awaited.
ScheduleResult run_units(UnitWork& work, const ScheduleLimits& limits);

}  // namespace inarch
