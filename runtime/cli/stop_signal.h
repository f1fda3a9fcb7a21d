#pragma once

#include <atomic>

namespace inarch {

/// While one of these lives, the first SIGINT or SIGTERM sets a flag, for a clean stop that can be
/// resumed, and the second ends the process at once.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  const std::atomic<bool>* flag() const;
  /// 130 or 143, by the signal that came.
  int exit_code() const;
};

}  // namespace inarch
