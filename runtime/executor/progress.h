#pragma once

#include <cstdint>
#include <string_view>

namespace inarch {

/// What a run or a verification tells while it works. Calls never overlap, but come from any
/// thread; they must return soon, since a worker waits for them.
class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  virtual ~Progress() = default;

  /// A phase begins: "resuming", "building", "checking", "publishing", "verifying". `total_bytes`
  /// is the sum of what advanced() will report, 0 when the phase has nothing to count.
  virtual void started(std::string_view phase, std::int64_t total_bytes) = 0;
  /// `bytes` more are done; `tensor` is the output tensor (unescaped) that they belong to.
  virtual void advanced(std::int64_t bytes, std::string_view tensor) = 0;
  /// The phase that was started is over, also when it failed.
  virtual void finished() = 0;
};

/// For those who do not want to know.
class NoProgress : public Progress {
 public:
  void started(std::string_view, std::int64_t) override {}
  void advanced(std::int64_t, std::string_view) override {}
  void finished() override {}
};

}  // namespace inarch
