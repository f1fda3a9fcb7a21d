#include "runtime/forward/workers.h"

#include <algorithm>
#include <atomic>

#include "runtime/io/parallel_tasks.h"

namespace inarch {

Status Workers::run(std::size_t count, const Task& work) {
  if (stop_ == nullptr) return run_all(count, work);
  return run_all(count, [&](std::size_t task, WorkerBuffers& buffers) -> Status {
    if (stop_->load(std::memory_order_relaxed)) return error("E588", "stopped before it was done");
    return work(task, buffers);
  });
}

Status Workers::run_all(std::size_t count, const Task& work) {
  std::atomic<std::size_t> next = 0;
  const auto make_worker = [&]() -> TaskFunction {
    WorkerBuffers& own = buffers_[next++];
    return [&work, &own](std::size_t task) { return work(task, own); };
  };
  return run_tasks(jobs(), count, make_worker);
}

void Workers::over(std::int64_t count, std::int64_t piece,
                   const std::function<void(std::int64_t, std::int64_t)>& work) {
  const auto pieces = static_cast<std::size_t>((count + piece - 1) / piece);
  static_cast<void>(run_all(pieces, [&](std::size_t task, WorkerBuffers&) -> Status {
    const std::int64_t begin = static_cast<std::int64_t>(task) * piece;
    work(begin, std::min(begin + piece, count));
    return {};
  }));
}

}  // namespace inarch
