#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/support/result.h"

namespace inarch {

/// What one thread works with. Vectors grow to the largest size that is asked for, and stay.
struct WorkerBuffers {
  std::vector<std::byte> stored;  // bytes of a block of a matrix
  std::vector<float> weights;     // the block in f32
  std::vector<float> first;       // scores, or another result
};

/// The threads of a forward pass with their buffers.
class Workers {
 public:
  /// `stop`, where there is one, is looked at before each task that can fail.
  explicit Workers(int jobs, const std::atomic<bool>* stop = nullptr)
      : buffers_(static_cast<std::size_t>(jobs)), stop_(stop) {}

  int jobs() const { return static_cast<int>(buffers_.size()); }
  using Task = std::function<Status(std::size_t task, WorkerBuffers& buffers)>;
  /// Runs tasks 0 … count − 1. The failure of the lowest task is returned; E588 when it was
  /// stopped.
  Status run(std::size_t count, const Task& work);
  /// Cuts [0, count) into pieces of `piece`, each a task of its own that cannot fail.
  void over(std::int64_t count, std::int64_t piece,
            const std::function<void(std::int64_t begin, std::int64_t end)>& work);

 private:
  Status run_all(std::size_t count, const Task& work);

  std::vector<WorkerBuffers> buffers_;
  const std::atomic<bool>* stop_;
};

/// The memory of a vector that grows to `count`.
template <typename T>
T* grown(std::vector<T>& buffer, std::int64_t count) {
  if (static_cast<std::int64_t>(buffer.size()) < count)
    buffer.resize(static_cast<std::size_t>(count));
  return buffer.data();
}

}  // namespace inarch
