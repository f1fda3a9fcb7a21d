#pragma once

#include <cstdint>
#include <vector>

#include "compiler/plan/plan.h"

namespace inarch {

/// What a run holds from its start to its end, as the memory model has it (memory_model.h). Time
/// is counted in bytes that have been read and written, which needs no clock.
///
/// At each step the workers are at its last units and, where it has fewer than there are workers,
/// at those before it: what they hold when all are equally fast. The plan's peak, which no run
/// exceeds, is above it, since a slow unit may stay while others go on.
struct MemoryCurve {
  struct Point {
    std::int64_t begin = 0;    // bytes read and written before it
    std::int64_t end = 0;      // and after it
    std::int64_t memory = 0;   // the most in between, what the process itself takes included
    std::uint32_t output = 0;  // of the step that holds most
    std::uint32_t steps = 0;   // that it stands for; 0: checks of the finished tensors
  };
  std::int64_t base = 0;  // what the process holds beside its work
  std::vector<Point> points;
  std::vector<std::uint32_t> point_of_step;
};

/// At most about `most_points` points; steps that are too short to be seen share one.
MemoryCurve memory_curve(const Plan& plan, int jobs, std::int64_t budget,
                         std::size_t most_points = 800);

}  // namespace inarch
