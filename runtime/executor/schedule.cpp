// Units start in the order of the plan, whatever the number of workers and the memory. That keeps
// reads going front to back through the sources, makes the tensors at work predictable, and is why
// admission cannot lock up:
//
// A worker that wants a unit draws a ticket; only the holder of the lowest ticket, the head, may
// start one. It starts the next unit if what that needs fits beside what is in use, and waits
// otherwise. In use are the arenas of running units, the shared operands of groups with a unit
// running, and the arenas of idle workers, which keep their pages warm for the next unit.
//
// The head waits only for units that started before its own, and none of those waits for anything:
// they run to their end and then give back what they hold. Idle workers hold pages too, but when
// the head waits they let go of them at once, the head first. So what is in use falls until it is
// nothing or the unit fits; with nothing in use it is started in any case (a budget below
// least_memory() is refused before any of this). Shared operands of a group are counted with its
// first unit and given back after its last. Units of a group follow each other, so no unit of
// another group has to start in between.

#include "runtime/executor/schedule.h"

#include <algorithm>
#include <memory>
#include <new>

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "runtime/executor/admission.h"
#include "runtime/executor/handover.h"

namespace inarch {

void Admission::prepare() {
  const std::scoped_lock lock(mutex_);
  for (std::int64_t unit = 0; unit < work_.units(); ++unit) {
    largest_scratch_ = std::max(largest_scratch_, work_.demand(unit).scratch);
  }
}

std::int64_t Admission::largest_scratch() {
  const std::scoped_lock lock(mutex_);
  return largest_scratch_;
}

bool Admission::over() const {
  const bool stop = limits_.stop != nullptr && limits_.stop->load(std::memory_order_relaxed);
  return stop || fault_.has_value() || next_unit_ >= work_.units();
}

void Admission::drop(Worker& worker) {
  worker.arena.set_limit(0);
  in_use_ -= worker.held;
  worker.held = 0;
}

bool Admission::fits(const Worker& worker, const UnitWork::Demand& demand) const {
  const std::int64_t shared = groups_.contains(demand.group) ? 0 : demand.resident;
  return in_use_ - worker.held + demand.scratch + shared <= limits_.memory;
}

void Admission::admit(Worker& worker, std::int64_t unit, const UnitWork::Demand& demand) {
  worker.arena.set_limit(demand.scratch);
  in_use_ += demand.scratch - worker.held;
  worker.held = demand.scratch;
  const auto [group, is_new] = groups_.try_emplace(demand.group);
  if (is_new) {
    group->second.resident = demand.resident;
    in_use_ += demand.resident;
  }
  ++group->second.in_flight;
  ++next_unit_;
  group->second.all_started =
      unit + 1 == work_.units() || work_.demand(unit + 1).group != demand.group;
  peak_ = std::max(peak_, in_use_);
}

std::optional<std::int64_t> Admission::take(Worker& worker) {
  std::unique_lock lock(mutex_);
  const std::int64_t ticket = next_ticket_++;
  while (serving_ != ticket) {
    if (head_waits_ && worker.held > 0) {
      drop(worker);
      changed_.notify_all();
    }
    changed_.wait(lock);
  }
  std::optional<std::int64_t> taken;
  while (!over()) {
    const UnitWork::Demand demand = work_.demand(next_unit_);
    if (fits(worker, demand) || in_use_ == 0) {
      taken = next_unit_;
      admit(worker, *taken, demand);
      break;
    }
    if (worker.held > 0) {
      drop(worker);
      continue;
    }
    head_waits_ = true;
    changed_.notify_all();
    changed_.wait(lock);
  }
  head_waits_ = false;
  ++serving_;
  changed_.notify_all();
  return taken;
}

void Admission::done(std::int64_t unit) {
  const std::scoped_lock lock(mutex_);
  ++finished_;
  const auto group = groups_.find(work_.demand(unit).group);
  --group->second.in_flight;
  finish_group_if_idle(group);
  changed_.notify_all();
}

void Admission::finish_group_if_idle(std::map<std::int64_t, Group>::iterator group) {
  // Between two of its units a group may be idle for a moment; its operands stay.
  if (group->second.in_flight > 0 || !group->second.all_started) return;
  work_.group_done(group->first);
  in_use_ -= group->second.resident;
  groups_.erase(group);
}

void Admission::fail(std::int64_t unit, Diagnostic fault) {
  const std::scoped_lock lock(mutex_);
  if (!fault_ || unit < failed_unit_) {
    fault_ = std::move(fault);
    failed_unit_ = unit;
  }
  changed_.notify_all();
}

void Admission::leave(Worker& worker) {
  const std::scoped_lock lock(mutex_);
  drop(worker);
  changed_.notify_all();
}

ScheduleResult Admission::result() {
  const std::scoped_lock lock(mutex_);
  for (const auto& entry : groups_) work_.group_done(entry.first);
  ScheduleResult result;
  result.stopped = !fault_ && finished_ < work_.units();
  result.fault = std::move(fault_);
  result.peak_memory = peak_;
  return result;
}

namespace {

/// The first exception that a worker meets ends the run as a failure of its unit would.
void work_until_over(Admission& admission) {
  Admission::Worker worker(admission.largest_scratch());
  while (const auto unit = admission.take(worker)) {
    Status status;
    try {
      status = admission.work().run(*unit, worker.arena);
    } catch (const std::bad_alloc&) {
      status = error("E902", "out of memory").hint("lower --jobs or --memory");
    } catch (const std::exception& fault) {
      status = error("E903", std::string("internal failure: ") + fault.what());
    }
    if (!status.ok()) admission.fail(*unit, std::move(status.error()));
    admission.done(*unit);
  }
  admission.leave(worker);
}

}  // namespace

ScheduleResult run_units(UnitWork& work, const ScheduleLimits& limits) {
  const auto admission = std::make_unique<Admission>(work, limits);
  admission->prepare();
  const int jobs = static_cast<int>(
      std::clamp<std::int64_t>(limits.jobs, 1, std::max<std::int64_t>(work.units(), 1)));
  // Without this, no more workers run than there are processors.
  auto threads = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                       static_cast<std::size_t>(jobs));
  static char order = 0;  // an address that is known without reading the closure
  const auto body = [&admission](int) {
    tell_order_after(&order);
    work_until_over(*admission);
  };
  tell_order_before(&order);
  try {
    tbb::task_arena arena(jobs);
    arena.execute([&] { tbb::parallel_for(0, jobs, body, tbb::simple_partitioner()); });
  } catch (...) {
    // Its destructor waits for ever for what TBB had no memory to start.
    (void)threads.release();
    throw;
  }
  return admission->result();
}

}  // namespace inarch
