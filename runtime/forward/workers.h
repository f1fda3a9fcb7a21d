#pragma once

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
  explicit Workers(int jobs) : buffers_(static_cast<std::size_t>(jobs)) {}

  int jobs() const { return static_cast<int>(buffers_.size()); }
  /// Runs tasks 0 … count − 1. The failure of the lowest task is returned.
  Status run(std::size_t count,
             const std::function<Status(std::size_t task, WorkerBuffers& buffers)>& work);
  /// Cuts [0, count) into pieces of `piece`, each a task of its own that cannot fail.
  void over(std::int64_t count, std::int64_t piece,
            const std::function<void(std::int64_t begin, std::int64_t end)>& work);

 private:
  std::vector<WorkerBuffers> buffers_;
};

/// The memory of a vector that grows to `count`.
template <typename T>
T* grown(std::vector<T>& buffer, std::int64_t count) {
  if (static_cast<std::int64_t>(buffer.size()) < count)
    buffer.resize(static_cast<std::size_t>(count));
  return buffer.data();
}

}  // namespace inarch
