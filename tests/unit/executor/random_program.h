#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "compiler/plan/plan.h"

namespace inarch {

struct RandomProgramOptions {
  bool compute = true;             // else only ops that move steps may have
  int ops = 8;                     // beside the reads
  std::int64_t most_count = 1200;  // elements of any op
};

/// A program over `reads` in which every op is valid. Values of the reads should be small integers:
/// all results then are numbers that f32 holds exactly, so any order of sums gives the same.
Program random_program(std::mt19937_64& random, const std::vector<Op>& reads,
                       const RandomProgramOptions& options);

}  // namespace inarch
