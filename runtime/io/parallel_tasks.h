#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/support/result.h"

namespace inarch {

/// What one thread does with the tasks it gets.
using TaskFunction = std::function<Status(std::size_t task)>;

/// How many processors this process may use, at least 1.
int processor_count();

/// Runs tasks 0 … count − 1 on `jobs` threads, or as many as the system gives, each with a function
/// of its own from `make_worker` (which may hold buffers). After a failure, or once `stop` is set,
/// no further task begins; the failure of the lowest task is returned. Exceptions of workers come
/// out of this call.
Status run_tasks(int jobs, std::size_t count, const std::function<TaskFunction()>& make_worker,
                 const std::atomic<bool>* stop = nullptr);

/// A part of one of several things.
struct Part {
  std::size_t item = 0;
  std::int64_t begin = 0;
  std::int64_t size = 0;
};

/// The parts, of at most `most` each, of things of these sizes, in order. What is empty has none.
std::vector<Part> split_into_parts(const std::vector<std::int64_t>& sizes, std::int64_t most);

}  // namespace inarch
