#pragma once

#include <cstdint>
#include <vector>

#include "runtime/executor/progress_phase.h"
#include "runtime/executor/schedule.h"
#include "runtime/executor/step_work.h"

namespace inarch {

/// Reads again what the journal calls finished. A unit whose bytes are not what was hashed then is
/// simply not finished.
class ResumeWork : public UnitWork {
 public:
  /// `claimed` has unit numbers within state.units, each once.
  ResumeWork(const RunState& state, std::vector<FinishedUnit> claimed, ProgressPhase& progress);

  std::int64_t units() const override { return static_cast<std::int64_t>(claimed_.size()); }
  Demand demand(std::int64_t) const override { return {digest_piece_bytes, 0, 0}; }
  Status run(std::int64_t unit, Arena& arena) override;
  void group_done(std::int64_t) override {}

  /// By unit of the run.
  std::vector<bool> finished() const;

 private:
  RunState state_;
  std::vector<FinishedUnit> claimed_;
  std::vector<char> proven_;  // by claim; not bits, since workers write neighbours
  ProgressPhase& progress_;
};

}  // namespace inarch
