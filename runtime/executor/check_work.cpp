#include "runtime/executor/check_work.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/kernels/reduce.h"

namespace inarch {

CheckWork::CheckWork(const Plan& plan, std::vector<std::size_t> selected, const InputFiles& inputs,
                     const Cut& cut, ProgressPhase& progress)
    : plan_(plan), inputs_(inputs), cut_(cut), progress_(progress), selected_(std::move(selected)) {
  findings_.resize(plan.checks.size());
  const std::int64_t each = check_unit_tiles * check_evaluation(cut).tile;
  for (const std::size_t number : selected_) {
    findings_[number] = std::make_unique<Finding>();
    const std::int64_t count = plan.checks[number].left.back().count;
    for (std::int64_t at = 0; at < count; at += each) {
      parts_.push_back({number, at, std::min(each, count - at)});
    }
  }
}

std::int64_t CheckWork::bytes(const PlanCheck& check) {
  return check.left.back().count * static_cast<std::int64_t>(sizeof(double));
}

UnitWork::Demand CheckWork::demand(std::int64_t unit) const {
  const std::size_t number = parts_[static_cast<std::size_t>(unit)].check;
  const PlanCheck& check = plan_.checks[number];
  return {scratch_bytes(check, cut_), resident_bytes(check), static_cast<std::int64_t>(number)};
}

Status CheckWork::run(std::int64_t unit, Arena& arena) {
  const Part& part = parts_[static_cast<std::size_t>(unit)];
  const PlanCheck& check = plan_.checks[part.check];
  const Evaluation how = check_evaluation(cut_);
  Shared* shared = nullptr;
  if (Status status = share(check, part.check, arena, shared); !status) return status;

  const std::int64_t tile = std::min(how.tile, check.left.back().count);
  Evaluator left(check.left, how, DType::f64, inputs_, arena);
  left.use(&shared->left);
  left.open_cache();
  auto* left_values = arena.take_elements<double>(tile);
  auto* left_bytes = static_cast<std::byte*>(static_cast<void*>(left_values));
  const bool two_sided = !check.right.empty();
  Evaluator right(two_sided ? check.right : check.left, how, DType::f64, inputs_, arena);
  double* right_values = nullptr;
  if (two_sided) {
    right.use(&shared->right);
    right.open_cache();
    right_values = arena.take_elements<double>(tile);
  }
  auto* right_bytes = static_cast<std::byte*>(static_cast<void*>(right_values));
  for (std::int64_t done = 0; done < part.count; done += how.tile) {
    const std::int64_t n = std::min(how.tile, part.count - done);
    const std::int64_t begin = part.begin + done;
    if (Status status = left.evaluate(begin, n, left_bytes); !status) return status;
    if (two_sided) {
      if (Status status = right.evaluate(begin, n, right_bytes); !status) return status;
    }
    note(check, part.check, left_values, right_values, n);
  }
  progress_.advanced(part.count * static_cast<std::int64_t>(sizeof(double)), check.description);
  return {};
}

Status CheckWork::share(const PlanCheck& check, std::size_t number, Arena& arena, Shared*& shared) {
  {
    const std::scoped_lock lock(mutex_);
    auto& entry = shared_[number];
    if (!entry) entry = std::make_unique<Shared>();
    shared = entry.get();
  }
  const std::scoped_lock lock(shared->mutex);
  if (shared->ready) return {};
  const Evaluation how = check_evaluation(cut_);
  Evaluator left(check.left, how, DType::f64, inputs_, arena);
  if (Status status = left.materialise(shared->left); !status) return status;
  if (!check.right.empty()) {
    Evaluator right(check.right, how, DType::f64, inputs_, arena);
    if (Status status = right.materialise(shared->right); !status) return status;
  }
  shared->ready = true;
  return {};
}

/// Maxima and counts do not depend on the order in which parts come.
void CheckWork::note(const PlanCheck& check, std::size_t number, const double* left,
                     const double* right, std::int64_t n) {
  double largest = 0, difference = 0;
  std::int64_t non_finite = 0;
  if (right == nullptr) {
    non_finite = count_non_finite(left, n);
  } else if (check.at_most) {
    difference = max_excess(left, right, n);
  } else {
    difference = max_abs_difference(left, right, n);
    if (check.tolerance > 0) largest = std::max(max_abs(left, n), max_abs(right, n));
  }
  Finding& finding = *findings_[number];
  const std::scoped_lock lock(finding.mutex);
  finding.largest = std::max(finding.largest, largest);
  finding.difference = std::max(finding.difference, difference);
  finding.non_finite += non_finite;
}

void CheckWork::group_done(std::int64_t group) {
  const std::scoped_lock lock(mutex_);
  shared_.erase(static_cast<std::size_t>(group));
}

std::int64_t CheckWork::report(Diagnostics& diagnostics) const {
  std::int64_t failed = 0;
  for (const std::size_t number : selected_) {
    const PlanCheck& check = plan_.checks[number];
    const Finding& finding = *findings_[number];
    const std::string what = escape_for_terminal(check.description, 400);
    const auto add = [&](std::string code, const std::string& finding_text) {
      const std::string text = fmt::format("{}: {}", what, finding_text);
      diagnostics.add(check.warns
                          ? warning("W800", "this does not hold: " + text).in(check.origin)
                          : error(std::move(code), "check failed: " + text).in(check.origin));
    };
    const double allowed = check.tolerance * finding.largest;
    const bool differs = !(finding.difference <= allowed);  // a NaN fails
    failed += differs || finding.non_finite > 0 ? 1 : 0;
    if (finding.non_finite > 0)
      add("E801", fmt::format("{} values are infinite or NaN", format_count(finding.non_finite)));
    if (!differs) continue;
    if (check.at_most) {
      add("E802", fmt::format("the value is above its limit by up to {:.6g}", finding.difference));
      continue;
    }
    add("E800", fmt::format("the sides differ by up to {:.6g}, expected at most {:.6g}",
                            finding.difference, allowed));
  }
  return failed;
}

}  // namespace inarch
