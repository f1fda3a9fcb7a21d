#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "compiler/plan/memory_model.h"
#include "compiler/plan/plan.h"
#include "runtime/executor/evaluator.h"
#include "runtime/executor/factor_report.h"
#include "runtime/executor/input_files.h"
#include "runtime/executor/journal.h"
#include "runtime/executor/output_shards.h"
#include "runtime/executor/progress_phase.h"
#include "runtime/executor/schedule.h"
#include "runtime/executor/units.h"

namespace inarch {

/// What the units of a run work on together.
struct RunState {
  const Plan& plan;
  const Cut& cut;
  const InputFiles& inputs;
  OutputShards& shards;
  PieceTable& pieces;
  Journal& journal;
  FactorTable& factors;
  const std::vector<Unit>& units;
};

/// The units that are still to be done: each is computed, written, hashed and noted in the journal.
class StepWork : public UnitWork {
 public:
  /// `pending` are indices into state.units, ascending.
  StepWork(const RunState& state, const std::vector<std::int64_t>& pending,
           ProgressPhase& progress);

  std::int64_t units() const override { return static_cast<std::int64_t>(pending_.size()); }
  Demand demand(std::int64_t unit) const override;
  Status run(std::int64_t unit, Arena& arena) override;
  void group_done(std::int64_t group) override;

  std::int64_t bytes_copied() const { return bytes_copied_.load(); }
  std::int64_t bytes_computed() const { return bytes_computed_.load(); }

 private:
  /// Results that the units of one step share; the first that needs them computes them.
  struct Shared {
    std::mutex mutex;
    bool ready = false;
    Materialised results;
  };

  Status copy(const CopyStep& step, const Unit& unit, Arena& arena);
  Status move(const Program& program, const Unit& unit, Arena& arena);
  Status compute_sharing(const Unit& unit, Arena& arena);
  Status compute(const Program& program, const Unit& unit, Arena& arena);
  Status compute_pieces(const Program& program, const Unit& unit, Arena& arena);
  Status fused_pieces(const Program& program, const Unit& unit, Arena& arena);
  Status finish_piece(const Piece& piece, const std::byte* bytes);
  Status materialise(const Program& program, const Evaluation& how, std::uint32_t step,
                     Arena& arena, const Materialised*& results);
  void read_ahead(const Program& program, std::uint32_t at, std::int64_t begin, std::int64_t n);

  RunState state_;
  const std::vector<std::int64_t>& pending_;
  ProgressPhase& progress_;
  std::mutex mutex_;
  std::map<std::uint32_t, std::unique_ptr<Shared>> shared_;
  std::atomic<std::int64_t> bytes_copied_{0};
  std::atomic<std::int64_t> bytes_computed_{0};
};

}  // namespace inarch
