#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/executor/evaluator.h"
#include "runtime/executor/input_files.h"
#include "runtime/executor/progress_phase.h"
#include "runtime/executor/schedule.h"

namespace inarch {

/// Evaluates numeric checks tile by tile in f64.
class CheckWork : public UnitWork {
 public:
  /// `selected` are indices into plan.checks.
  CheckWork(const Plan& plan, std::vector<std::size_t> selected, const InputFiles& inputs,
            const Cut& cut, ProgressPhase& progress);

  std::int64_t units() const override { return static_cast<std::int64_t>(parts_.size()); }
  Demand demand(std::int64_t unit) const override;
  Status run(std::int64_t unit, Arena& arena) override;
  void group_done(std::int64_t group) override;

  /// Bytes that progress will count for `check`.
  static std::int64_t bytes(const PlanCheck& check);
  /// E800 for each check whose sides differ, E802 for values above their limit, E801 for values
  /// that are not finite.
  /// W800 in their stead for those that only warn. How many checks do not hold.
  std::int64_t report(Diagnostics& diagnostics) const;

 private:
  struct Part {
    std::size_t check = 0;
    std::int64_t begin = 0;
    std::int64_t count = 0;
  };
  struct Finding {
    std::mutex mutex;
    double largest = 0;     // magnitude of any value
    double difference = 0;  // the worst
    std::int64_t non_finite = 0;
  };
  struct Shared {
    std::mutex mutex;
    bool ready = false;
    Materialised left;
    Materialised right;
  };

  Status share(const PlanCheck& check, std::size_t number, Arena& arena, Shared*& shared);
  void note(const PlanCheck& check, std::size_t number, const double* left, const double* right,
            std::int64_t n);

  const Plan& plan_;
  const InputFiles& inputs_;
  const Cut& cut_;
  ProgressPhase& progress_;
  std::vector<Part> parts_;
  std::vector<std::size_t> selected_;
  std::vector<std::unique_ptr<Finding>> findings_;  // by check of the plan
  std::mutex mutex_;
  std::map<std::size_t, std::unique_ptr<Shared>> shared_;
};

}  // namespace inarch
