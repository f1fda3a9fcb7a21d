#include "compiler/plan/low_rank_memory.h"

#include <algorithm>
#include <limits>

namespace inarch {

namespace {

/// Adds up buffers that each start on a boundary; says so where sizes go beyond all bounds.
class Sum {
 public:
  void add(std::int64_t count, std::int64_t each, std::int64_t width) {
    constexpr std::int64_t alignment = 64;
    std::int64_t bytes = 0;
    overflow_ = overflow_ || __builtin_mul_overflow(count, each, &bytes) ||
                __builtin_mul_overflow(bytes, width, &bytes) ||
                __builtin_add_overflow(bytes, alignment - 1, &bytes) ||
                __builtin_add_overflow(total_, bytes / alignment * alignment, &total_);
  }
  std::int64_t bytes() const {
    constexpr std::int64_t any_alignment = 64;
    return overflow_ ? std::numeric_limits<std::int64_t>::max() / 2 : total_ + any_alignment;
  }

 private:
  std::int64_t total_ = 0;
  bool overflow_ = false;
};

constexpr std::int64_t f32 = 4, f64 = 8, i32 = 4;
constexpr std::int64_t rows_at_once = 256;

/// Work areas of LAPACK's dsyevd.
void add_eigen(Sum& sum, std::int64_t n) {
  sum.add(1 + 6 * n + 2 * n * n, 1, f64);
  sum.add(3 + 5 * n, 1, i32);
}

}  // namespace

std::int64_t low_rank_scratch(const LowRankOp& op, bool weighted) {
  constexpr std::int64_t exact_up_to = 160, least_blocks = 8, most_iterations = 5;
  const std::int64_t tall = std::max(op.rows, op.columns), wide = std::min(op.rows, op.columns);
  const std::int64_t block = op.oversampling >= 0
                                 ? op.rank + op.oversampling
                                 : std::max<std::int64_t>(32, (op.rank + 15) / 16 * 16);
  const bool until_close = op.power_iterations < 0;
  const std::int64_t wanted = 1 + (until_close ? most_iterations : op.power_iterations);
  const std::int64_t blocks = wide / block;
  const bool exact =
      op.exact || wide <= exact_up_to || blocks < (until_close ? least_blocks : wanted);
  Sum sum;
  if (weighted) sum.add(op.columns, 1, f64);
  sum.add(op.rank, 1, f64);
  sum.add(op.rank, 1, f64);
  sum.add(std::min(rows_at_once, op.rows), op.rank, f64);
  sum.add(op.rank, std::min(rows_at_once, op.columns), f64);
  sum.add(std::min(rows_at_once, op.rows), std::min(rows_at_once, op.columns), f64);
  if (exact) {
    const std::int64_t count = std::min(rows_at_once, tall);
    sum.add(wide, wide, f64);
    sum.add(wide, 1, f64);
    sum.add(count, wide, f64);
    sum.add(count, std::min(op.rank, wide), f64);
    add_eigen(sum, wide);
    return sum.bytes();
  }
  const std::int64_t basis = block * std::min(wanted, blocks);
  sum.add(wide, basis, f32);
  sum.add(tall, basis, f32);
  sum.add(tall, block, f32);
  sum.add(wide, block, f32);
  sum.add(wide, block, f32);
  sum.add(basis, std::max(block, op.rank), f32);
  sum.add(basis, basis, f64);
  sum.add(basis, basis, f64);
  sum.add(basis, 1, f64);
  sum.add(op.rank, 1, f64);
  sum.add(op.rank, 1, f64);
  sum.add(rows_at_once, basis, f64);
  add_eigen(sum, basis);
  return sum.bytes();
}

}  // namespace inarch
