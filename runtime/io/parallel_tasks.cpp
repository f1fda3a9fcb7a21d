#include "runtime/io/parallel_tasks.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <sched.h>

namespace inarch {

namespace {

/// Hands tasks out in order and keeps the first thing that went wrong.
class TaskQueue {
 public:
  TaskQueue(std::size_t count, const std::function<TaskFunction()>& make_worker,
            const std::atomic<bool>* stop)
      : count_(count), make_worker_(make_worker), asked_to_stop_(stop) {}

  void work() noexcept {
    try {
      const TaskFunction run = make_worker_();
      for (std::size_t task = next_++; task < count_ && !is_over(); task = next_++) {
        Status status = run(task);
        if (!status) fail(task, std::move(status));
      }
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      thrown_ = std::current_exception();
      stop_ = true;
    }
  }

  Status result() {
    if (thrown_) std::rethrow_exception(thrown_);
    return std::move(status_);
  }

 private:
  bool is_over() const { return stop_ || (asked_to_stop_ && *asked_to_stop_); }

  void fail(std::size_t task, Status status) {
    const std::scoped_lock lock(mutex_);
    if (!status_.ok() && failed_ < task) return;
    failed_ = task;
    status_ = std::move(status);
    stop_ = true;
  }

  const std::size_t count_;
  const std::function<TaskFunction()>& make_worker_;
  const std::atomic<bool>* const asked_to_stop_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::size_t failed_ = 0;
  Status status_;
  std::exception_ptr thrown_;
};

}  // namespace

int processor_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

Status run_tasks(int jobs, std::size_t count, const std::function<TaskFunction()>& make_worker,
                 const std::atomic<bool>* stop) {
  TaskQueue queue(count, make_worker, stop);
  const std::size_t threads = std::min(static_cast<std::size_t>(std::max(jobs, 1)), count);
  std::vector<std::jthread> helpers;
  try {
    for (std::size_t k = 1; k < threads; ++k) helpers.emplace_back([&queue] { queue.work(); });
  } catch (const std::system_error&) {  // no more threads: those that there are do the work
  }
  if (count > 0) queue.work();
  helpers.clear();
  return queue.result();
}

std::vector<Part> split_into_parts(const std::vector<std::int64_t>& sizes, std::int64_t most) {
  std::vector<Part> parts;
  for (std::size_t item = 0; item < sizes.size(); ++item) {
    for (std::int64_t begin = 0; begin < sizes[item]; begin += most)
      parts.push_back({item, begin, std::min(most, sizes[item] - begin)});
  }
  return parts;
}

}  // namespace inarch
