#pragma once

#include <chrono>
#include <string>

#include "runtime/cli/console.h"
#include "runtime/executor/progress.h"

namespace inarch {

/// Progress for a person: one line that redraws itself on a terminal (bytes, rate, time left, the
/// tensor at work), a line every ten seconds elsewhere, and JSON events under --format json.
class ConsoleProgress : public Progress {
 public:
  explicit ConsoleProgress(Console& console) : console_(console) {}

  void started(std::string_view phase, std::int64_t total_bytes) override;
  void advanced(std::int64_t bytes, std::string_view tensor) override;
  void finished() override;

 private:
  using Clock = std::chrono::steady_clock;
  std::string line(std::string_view tensor) const;
  void event(std::string_view type, std::string_view tensor);

  Console& console_;
  std::string phase_;
  std::int64_t total_ = 0;
  std::int64_t done_ = 0;
  Clock::time_point start_;
  Clock::time_point drawn_;
  bool line_open_ = false;
};

}  // namespace inarch
