#include "compiler/plan/source_window.h"

#include <algorithm>
#include <vector>

namespace inarch {

namespace {

/// First and last step, of each file of each source.
struct Interval {
  std::int64_t first = -1;
  std::int64_t last = -1;
};

class Windows {
 public:
  explicit Windows(const Plan& plan) {
    for (const PlanSource& source : plan.sources) of_.emplace_back(source.files.size());
  }

  void read(std::uint32_t source, std::uint32_t file, std::int64_t step) {
    Interval& interval = of_[source][file];
    if (interval.first < 0) interval.first = step;
    interval.last = std::max(interval.last, step);
  }
  void read(const Program& program, std::int64_t step) {
    for (const Op& op : program) {
      const auto* from = std::get_if<ReadOp>(&op.data);
      if (from != nullptr && !from->from_output) read(from->source, from->file, step);
    }
  }
  const std::vector<std::vector<Interval>>& all() const { return of_; }

 private:
  std::vector<std::vector<Interval>> of_;
};

}  // namespace

SourceWindow largest_source_window(const Plan& plan) {
  Windows windows(plan);
  const auto steps = static_cast<std::int64_t>(plan.steps.size());
  for (std::int64_t s = 0; s < steps; ++s) {
    const Step& step = plan.steps[static_cast<std::size_t>(s)];
    if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
      windows.read(copy->source, copy->file, s);
    } else if (const auto* move = std::get_if<MoveStep>(&step.work)) {
      windows.read(move->program, s);
    } else {
      windows.read(std::get<ComputeStep>(step.work).program, s);
    }
  }
  for (const PlanCheck& check : plan.checks) {
    windows.read(check.left, steps);
    windows.read(check.right, steps);
  }
  struct Change {
    std::int64_t step;
    std::int64_t files;
    std::int64_t bytes;
  };
  std::vector<Change> changes;
  for (std::size_t source = 0; source < plan.sources.size(); ++source) {
    for (std::size_t file = 0; file < windows.all()[source].size(); ++file) {
      const Interval& interval = windows.all()[source][file];
      if (interval.first < 0) continue;
      const std::int64_t size = plan.sources[source].files[file].size;
      changes.push_back({interval.first, 1, size});
      changes.push_back({interval.last + 1, -1, -size});
    }
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return std::pair(a.step, a.files) < std::pair(b.step, b.files);
  });
  SourceWindow now, most;
  for (const Change& change : changes) {
    now.files += change.files;
    now.bytes += change.bytes;
    if (now.bytes > most.bytes) most = now;
  }
  return most;
}

}  // namespace inarch
