#include "compiler/plan/plan.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "compiler/plan/memory_model.h"
#include "compiler/plan/merge_memory.h"

namespace inarch {

bool is_elementwise(const Op& op) {
  return std::holds_alternative<LinearOp>(op.data) || std::holds_alternative<ProductOp>(op.data) ||
         std::holds_alternative<QuotientOp>(op.data) || std::holds_alternative<MapOp>(op.data) ||
         std::holds_alternative<ClampOp>(op.data) || std::holds_alternative<RoundOp>(op.data);
}

bool is_materialised(const Op& op) {
  return std::holds_alternative<HoldOp>(op.data) || std::holds_alternative<ReduceOp>(op.data) ||
         std::holds_alternative<LargestOp>(op.data) || std::holds_alternative<MatmulOp>(op.data) ||
         std::holds_alternative<DecodeOp>(op.data) || std::holds_alternative<EncodeOp>(op.data) ||
         std::holds_alternative<Boxed<LowRankOp>>(op.data) || is_merge_of_runs(op);
}

bool is_merge_of_runs(const Op& op) {
  const auto* merge = if_boxed<MergeOp>(op.data);
  return merge != nullptr && merge_state_bytes(*merge, op.inputs.size()) > 0;
}

bool is_worked_on_as_one(const Program& program) {
  return has_factors(program) || std::any_of(program.begin(), program.end(), is_merge_of_runs);
}

bool has_factors(const Program& program) {
  return std::any_of(program.begin(), program.end(), [](const Op& op) {
    return std::holds_alternative<Boxed<LowRankOp>>(op.data);
  });
}

bool yields_stored(const Program& program) {
  return !program.empty() && std::holds_alternative<EncodeOp>(program.back().data);
}

namespace {

std::int64_t add_saturated(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

constexpr std::int64_t allocation_overhead = 16;

std::int64_t held(const std::string& text) {
  return static_cast<std::int64_t>(sizeof(text) + text.capacity()) + allocation_overhead;
}

std::int64_t held(const Program& program) {
  std::int64_t total = allocation_overhead;
  for (const Op& op : program) {
    std::size_t size = sizeof(Op) + op.inputs.size() * sizeof(op.inputs[0]);
    if (const auto* view = std::get_if<ViewOp>(&op.data))
      size += view->dims.size() * sizeof(ViewDim);
    if (const auto* concat = std::get_if<ConcatOp>(&op.data)) size += concat->blocks.size() * 8;
    if (const auto* take = std::get_if<TakeOp>(&op.data)) size += take->indices.size() * 8;
    if (const auto* sum = std::get_if<LinearOp>(&op.data)) size += sum->weights.size() * 8;
    if (const auto* random = std::get_if<RandomOp>(&op.data)) size += random->key.size();
    if (const auto* decode = std::get_if<DecodeOp>(&op.data))
      size += decode->name.size() + decode->encoding->state.size();
    if (const auto* encode = std::get_if<EncodeOp>(&op.data))
      size += encode->name.size() + sizeof(Encoding) + encode->encoding->state.size();
    if (const auto* factors = if_boxed<LowRankOp>(op.data)) size += factors->key.size();
    total += static_cast<std::int64_t>(size) + 2 * allocation_overhead;
  }
  return total;
}

std::int64_t held(const Step& step) {
  std::int64_t total = sizeof(Step);
  if (const auto* move = std::get_if<MoveStep>(&step.work)) total += held(move->program);
  if (const auto* compute = std::get_if<ComputeStep>(&step.work)) total += held(compute->program);
  return total;
}

std::int64_t held_by_plan(const Plan& plan) {
  std::int64_t total = sizeof(Plan);
  for (const PlanSource& source : plan.sources) {
    for (const FileIdentity& file : source.files) {
      total += held(file.path) + held(file.name) + held(file.header_sha256) + 128;
    }
  }
  for (const OutputTensor& output : plan.outputs) {
    total += held(output.name) + held(output.origin) + 96;
    total += static_cast<std::int64_t>(output.shape.size()) * 8;
  }
  for (const OutputShard& shard : plan.shards) total += held(shard.name) + held(shard.header) + 64;
  for (const Step& step : plan.steps) total += held(step);
  for (const TextFile& text : plan.texts) total += held(text.name) + held(text.text);
  for (const PlanCheck& check : plan.checks) total += held(check.left) + held(check.right) + 256;
  return total;
}

/// What the executor adds: the digest of every piece, the table of units, one open file per shard
/// and source.
std::int64_t held_by_run(const Plan& plan) {
  constexpr std::int64_t piece_digest_bytes = 16, unit_bytes = 64, open_file_bytes = 512;
  const auto outputs = static_cast<std::int64_t>(plan.outputs.size());
  std::int64_t files = static_cast<std::int64_t>(plan.shards.size());
  for (const PlanSource& source : plan.sources) {
    files += static_cast<std::int64_t>(source.files.size());
  }
  std::int64_t pieces = outputs;
  for (const OutputTensor& output : plan.outputs) pieces += output.bytes / digest_piece_bytes;
  return pieces * piece_digest_bytes + (outputs + pieces / 4) * unit_bytes +
         files * open_file_bytes;
}

/// The most that `jobs` units in flight can hold: any units may meet, because a slow one stays
/// while others go on.
std::int64_t most_admitted(const Plan& plan, int jobs) {
  const auto workers = static_cast<std::size_t>(std::max(jobs, 1));
  std::vector<std::int64_t> scratch;
  std::vector<std::int64_t> resident;
  const auto add_work = [&](std::int64_t scratch_each, std::int64_t resident_once,
                            std::int64_t bytes) {
    const std::int64_t pieces = bytes / digest_piece_bytes + 1;  // no more units than pieces
    const auto copies = std::min<std::size_t>(workers, static_cast<std::size_t>(pieces));
    scratch.insert(scratch.end(), copies, scratch_each);
    resident.push_back(resident_once);
    // Only the largest count; keep the lists short.
    if (scratch.size() > 4096 + 2 * workers) {
      std::nth_element(scratch.begin(), scratch.begin() + static_cast<std::ptrdiff_t>(workers),
                       scratch.end(), std::greater<>());
      scratch.resize(workers);
    }
  };
  const auto largest = [&](std::vector<std::int64_t>& values) {
    std::sort(values.begin(), values.end(), std::greater<>());
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < std::min(values.size(), workers); ++i)
      sum = add_saturated(sum, values[i]);
    return sum;
  };
  for (const Step& step : plan.steps) {
    const std::int64_t bytes = std::holds_alternative<CopyStep>(step.work)
                                   ? std::get<CopyStep>(step.work).bytes
                                   : plan.outputs[step.first_output].bytes;
    add_work(step.scratch_bytes, step.resident_bytes, bytes);
  }
  const std::int64_t of_steps = add_saturated(largest(scratch), largest(resident));
  scratch.clear();
  resident.clear();
  for (const PlanCheck& check : plan.checks) {
    const std::int64_t count = check.left.empty() ? 0 : check.left.back().count;
    add_work(check.scratch_bytes, check.resident_bytes, count * 8);
  }
  return std::max(of_steps, add_saturated(largest(scratch), largest(resident)));
}

}  // namespace

std::int64_t metadata_bytes(const Plan& plan) {
  // Graphs, matches and headers that a compilation held, a tensor (measured: 1.3 kB on 144,000 of
  // them); what it gave back still counts in the process's peak.
  constexpr std::int64_t compiled = 1536;
  // Twice: the plan itself, and the text it was read from or written to on the way.
  return 2 * held_by_plan(plan) + held_by_run(plan) +
         compiled * static_cast<std::int64_t>(plan.outputs.size());
}

std::int64_t computed_checks(const Plan& plan) {
  return static_cast<std::int64_t>(plan.checks.size() + plan.logits_checks.size());
}

std::int64_t least_memory(const Plan& plan) {
  std::int64_t most = 0;
  for (const Step& step : plan.steps) {
    most = std::max(most, add_saturated(step.scratch_bytes, step.resident_bytes));
  }
  for (const PlanCheck& check : plan.checks) {
    most = std::max(most, add_saturated(check.scratch_bytes, check.resident_bytes));
  }
  return add_saturated(process_base_bytes + metadata_bytes(plan), most);
}

std::int64_t planned_peak(const Plan& plan, int jobs, std::int64_t budget) {
  const std::int64_t wanted =
      add_saturated(process_base_bytes + metadata_bytes(plan), most_admitted(plan, jobs));
  return std::max(least_memory(plan), std::min(wanted, budget));
}

}  // namespace inarch
