#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "runtime/executor/progress.h"

namespace inarch {

/// Lets many workers report to one Progress, one at a time. A phase lasts as long as the object.
class ProgressPhase {
 public:
  ProgressPhase(Progress& progress, std::string_view name, std::int64_t total)
      : progress_(progress) {
    progress_.started(name, total);
  }
  ~ProgressPhase() { progress_.finished(); }
  ProgressPhase(const ProgressPhase&) = delete;
  ProgressPhase& operator=(const ProgressPhase&) = delete;

  void advanced(std::int64_t bytes, std::string_view tensor) {
    const std::scoped_lock lock(mutex_);
    progress_.advanced(bytes, tensor);
  }

 private:
  std::mutex mutex_;
  Progress& progress_;
};

}  // namespace inarch
