#include "runtime/executor/measure_ranks.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/executor/evaluator.h"
#include "runtime/executor/input_files.h"
#include "runtime/executor/progress_phase.h"
#include "runtime/executor/schedule.h"

namespace inarch {

namespace {

/// One factorisation: a program that ends in it.
struct OpenRank {
  Program program;
  DType dtype = DType::f32;
  std::string key;
};

std::vector<OpenRank> find_open(const Plan& plan) {
  std::vector<OpenRank> found;
  for (const Step& step : plan.steps) {
    const auto* compute = std::get_if<ComputeStep>(&step.work);
    if (compute == nullptr) continue;
    const Program& program = compute->program;
    for (std::size_t k = 0; k < program.size(); ++k) {
      const auto* op = if_boxed<LowRankOp>(program[k].data);
      if (op == nullptr || !op->is_open()) continue;
      const auto end = program.begin() + static_cast<std::ptrdiff_t>(k) + 1;
      OpenRank open{{program.begin(), end}, plan.outputs[step.first_output].dtype, op->key};
      // A step and the one that shares its factors follow each other.
      if (found.empty() || found.back().program != open.program) found.push_back(std::move(open));
    }
  }
  return found;
}

class RankWork : public UnitWork {
 public:
  RankWork(const std::vector<OpenRank>& open, const Cut& cut, const InputFiles& inputs,
           ProgressPhase& progress)
      : open_(open), cut_(cut), inputs_(inputs), progress_(progress) {}

  std::int64_t units() const override { return static_cast<std::int64_t>(open_.size()); }
  Demand demand(std::int64_t unit) const override {
    const OpenRank& open = open_[static_cast<std::size_t>(unit)];
    const Evaluation how = compute_evaluation(open.program, open.dtype, cut_);
    return {scratch::materialise_bytes(open.program, how),
            scratch::resident_bytes(open.program, how.width), unit};
  }
  Status run(std::int64_t unit, Arena& arena) override {
    const OpenRank& open = open_[static_cast<std::size_t>(unit)];
    const Evaluation how = compute_evaluation(open.program, open.dtype, cut_);
    Materialised results;
    Evaluator evaluator(open.program, how, open.dtype, inputs_, arena);
    if (Status status = evaluator.materialise(results); !status) return status;
    {
      // Outputs may have tensors of one name: what suffices for each suffices for all.
      const std::scoped_lock lock(mutex_);
      std::int64_t& rank = ranks[open.key];
      rank = std::max(rank, evaluator.factors_found().back().rank_needed);
    }
    progress_.advanced(1, open.key);
    return {};
  }
  void group_done(std::int64_t) override {}

  std::map<std::string, std::int64_t> ranks;

 private:
  const std::vector<OpenRank>& open_;
  const Cut& cut_;
  const InputFiles& inputs_;
  ProgressPhase& progress_;
  std::mutex mutex_;
};

}  // namespace

bool has_open_ranks(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    const auto* compute = std::get_if<ComputeStep>(&step.work);
    return compute != nullptr &&
           std::any_of(compute->program.begin(), compute->program.end(), [](const Op& op) {
             const auto* factors = if_boxed<LowRankOp>(op.data);
             return factors != nullptr && factors->is_open();
           });
  });
}

std::optional<std::map<std::string, std::int64_t>> measure_ranks(const Plan& plan,
                                                                 const RunOptions& options,
                                                                 Progress& progress,
                                                                 Diagnostics& diagnostics) {
  InputFiles inputs;
  raise_file_limit();
  if (!inputs.open_sources(plan, diagnostics)) return std::nullopt;
  const std::vector<OpenRank> open = find_open(plan);
  ProgressPhase phase(progress, "measuring ranks", static_cast<std::int64_t>(open.size()));
  RankWork work(open, options.cut, inputs, phase);
  const std::int64_t fixed = process_base_bytes + metadata_bytes(plan);
  ScheduleResult result = run_units(work, {options.jobs, options.memory - fixed, options.stop});
  if (result.fault) diagnostics.add(std::move(*result.fault));
  if (result.fault || result.stopped) return std::nullopt;
  if (!inputs.still_unchanged(diagnostics)) return std::nullopt;
  return std::move(work.ranks);
}

}  // namespace inarch
