#include "compiler/picture/memory_curve.h"

#include <algorithm>

#include "compiler/picture/output_story.h"
#include "compiler/plan/memory_model.h"
#include "compiler/support/saturating.h"

namespace inarch {

namespace {

std::int64_t bytes_read(const Program& program) {
  std::int64_t bytes = 0;
  for (const Op& op : program) {
    if (const auto* read = std::get_if<ReadOp>(&op.data))
      bytes = saturating_add(bytes, op.count * bits(read->dtype) / 8);
  }
  return bytes;
}

/// Bytes that a step moves, in and out. What it shares with the one before is not read again.
std::int64_t bytes_moved(const Plan& plan, const Step& step) {
  if (const auto* copy = std::get_if<CopyStep>(&step.work)) return 2 * copy->bytes;
  const std::int64_t written = plan.outputs[step.first_output].bytes;
  return step.shares_before ? written : saturating_add(written, bytes_read(*program_of(step)));
}

/// Units of a step that may be at work at once: no more than pieces.
std::int64_t units_of(const Plan& plan, const Step& step, std::int64_t jobs) {
  if (const auto* compute = std::get_if<ComputeStep>(&step.work)) {
    if (is_worked_on_as_one(compute->program)) return 1;
  }
  const auto* copy = std::get_if<CopyStep>(&step.work);
  const std::int64_t bytes = copy ? copy->bytes : plan.outputs[step.first_output].bytes;
  return std::min(jobs, bytes / digest_piece_bytes + 1);
}

/// What `jobs` workers hold that have just come to step `last`.
std::int64_t held_at(const Plan& plan, std::size_t last, std::int64_t jobs) {
  std::int64_t held = 0, workers = jobs;
  for (std::size_t k = last + 1; k-- > 0 && workers > 0;) {
    const Step& step = plan.steps[k];
    if (step.shares_before && k > 0 && k != last) continue;  // one unit with the one before it
    const std::int64_t units = std::min(workers, units_of(plan, step, jobs));
    held = saturating_add(held, saturating_add(units * step.scratch_bytes, step.resident_bytes));
    workers -= units;
    if (step.shares_before && k == last) {
      while (k > 0 && plan.steps[k].shares_before) --k;  // to the first of the unit
    }
  }
  return held;
}

class CurveBuilder {
 public:
  CurveBuilder(MemoryCurve& curve, std::int64_t total, std::size_t most)
      : curve_(curve), least_(total / static_cast<std::int64_t>(most)) {}

  void add(std::int64_t bytes, std::int64_t memory, std::uint32_t output, bool is_step) {
    if (is_step && !curve_.points.empty() && curve_.points.back().steps > 0 &&
        at_ - curve_.points.back().begin < least_) {
      MemoryCurve::Point& point = curve_.points.back();
      if (memory > point.memory) point.output = output;
      point.memory = std::max(point.memory, memory);
      point.end = at_ + bytes;
      ++point.steps;
    } else {
      curve_.points.push_back({at_, at_ + bytes, memory, output, is_step ? 1U : 0U});
    }
    at_ += bytes;
  }

 private:
  MemoryCurve& curve_;
  std::int64_t least_;
  std::int64_t at_ = 0;
};

}  // namespace

MemoryCurve memory_curve(const Plan& plan, int jobs, std::int64_t budget, std::size_t most_points) {
  MemoryCurve curve;
  curve.base = process_base_bytes + metadata_bytes(plan);
  const auto with_base = [&](std::int64_t held, std::int64_t least) {
    // Admission never lets more begin than fits; a single unit always may (schedule.h).
    return saturating_add(curve.base, std::max(least, std::min(held, budget - curve.base)));
  };
  std::int64_t total = 0;
  for (const Step& step : plan.steps) total = saturating_add(total, bytes_moved(plan, step));
  CurveBuilder builder(curve, total, most_points);
  for (std::size_t k = 0; k < plan.steps.size(); ++k) {
    const Step& step = plan.steps[k];
    const std::int64_t least = saturating_add(step.scratch_bytes, step.resident_bytes);
    builder.add(bytes_moved(plan, step), with_base(held_at(plan, k, jobs), least),
                step.first_output, true);
    curve.point_of_step.push_back(static_cast<std::uint32_t>(curve.points.size() - 1));
  }
  std::int64_t bytes = 0, held = 0, least = 0;
  for (const PlanCheck& check : plan.checks) {
    bytes = saturating_add(bytes, bytes_read(check.left) + bytes_read(check.right));
    const std::int64_t one = saturating_add(check.scratch_bytes, check.resident_bytes);
    least = std::max(least, one);
    held = std::max(held, saturating_add(jobs * check.scratch_bytes, check.resident_bytes));
  }
  if (!plan.checks.empty()) builder.add(bytes, with_base(held, least), 0, false);
  return curve;
}

}  // namespace inarch
