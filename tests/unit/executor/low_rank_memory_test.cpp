#include "compiler/plan/low_rank_memory.h"

#include <vector>

#include <gtest/gtest.h>

#include "runtime/kernels/low_rank.h"

namespace inarch {
namespace {

/// Plans state to the byte what the kernel asks for.
TEST(LowRankMemory, IsWhatTheKernelTakes) {
  const std::vector<std::int64_t> sides = {1, 7, 64, 160, 161, 300, 1000, 4096, 7168};
  for (const std::int64_t rows : sides) {
    for (const std::int64_t columns : sides) {
      for (const std::int64_t rank : {1, 8, 33, 64, 200}) {
        if (rank > std::min(rows, columns)) continue;
        for (const std::int64_t extra : {-1, 0, 10}) {
          for (const std::int64_t iterations : {-1, 0, 3}) {
            for (const bool flag : {false, true}) {
              LowRankOp op;
              op.rows = rows;
              op.columns = columns;
              op.rank = rank;
              op.oversampling = extra;
              op.power_iterations = iterations;
              op.exact = flag;
              const std::vector<float> moments(static_cast<std::size_t>(columns), 1);
              LowRankProblem problem;
              problem.rows = rows;
              problem.columns = columns;
              problem.rank = rank;
              problem.oversampling = extra;
              problem.power_iterations = static_cast<int>(iterations);
              problem.exact = flag;
              EXPECT_EQ(low_rank_scratch(op, false), low_rank_scratch_bytes(problem));
              problem.column_scale = moments;
              EXPECT_EQ(low_rank_scratch(op, true), low_rank_scratch_bytes(problem));
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace inarch
