#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace inarch {

/// What a factorisation came to. `step` and `op` say which one of the plan.
struct FactorReport {
  std::uint32_t step = 0;
  std::uint32_t op = 0;
  std::int64_t components = 0;  // of the rank, those that are not zero
  bool exact = false;
  double squared_norm = 0;   // ‖W‖²
  double squared_error = 0;  // ‖W − AB‖²
  double weighted_squared_norm = 0;
  double weighted_squared_error = 0;
  std::int64_t rank_needed = 0;  // of an open rank: what it takes

  /// ‖W − AB‖ / ‖W‖, 0 of a zero matrix.
  double relative_error() const;
  double weighted_relative_error() const;
};

/// The reports of a run, from any thread; a later one of the same factorisation counts.
class FactorTable {
 public:
  void add(const FactorReport& report) {
    const std::scoped_lock lock(mutex_);
    reports_[{report.step, report.op}] = report;
  }
  /// In the order of the steps.
  std::vector<FactorReport> list() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, FactorReport> reports_;
};

}  // namespace inarch
