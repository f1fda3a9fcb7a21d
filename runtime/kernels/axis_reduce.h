#pragma once

#include <cstdint>

#include "compiler/core/ops.h"

namespace inarch {

/// Reductions over rows in f64 with a fixed tree, so that a result has the same bits however the
/// rows were divided: they are grouped, from the first row of the axis, into blocks of
/// `reduce_block_rows`; a block is folded in order from the start value, and so are the blocks.
inline constexpr std::int64_t reduce_block_rows = 1024;

/// sums[0 … n) = the start value: 0, or the infinity that any value replaces.
void start_reduction(Reduction reduction, std::int64_t n, double* sums);

/// For rows that come front to back in portions of any size: folds rows [first, first + n_rows) of
/// the axis in. `block` (the block in progress) and `sums` hold `inner` values each and begin with
/// start_reduction; a block that is full moves into sums. `axis` is the length of the axis: with
/// its last row the sums are complete. Maxima and minima of rows with a NaN are NaN.
void reduce_portion(Reduction reduction, const float* rows, std::int64_t first, std::int64_t n_rows,
                    std::int64_t axis, std::int64_t inner, double* block, double* sums);
void reduce_portion(Reduction reduction, const double* rows, std::int64_t first,
                    std::int64_t n_rows, std::int64_t axis, std::int64_t inner, double* block,
                    double* sums);

/// Folds the values in one by one, as a row that belongs to no block.
void reduce_row(Reduction reduction, const float* row, std::int64_t n, double* sums);
void reduce_row(Reduction reduction, const double* row, std::int64_t n, double* sums);

/// sums[0] = all `n` sums as one, in their order.
void combine_sums(Reduction reduction, std::int64_t n, double* sums);

/// dst[j] = what the reduction over `count` values makes of sums[j] (a division, a root), rounded
/// once; a NaN comes out positive and without payload.
void finish_reduction(Reduction reduction, const double* sums, std::int64_t n, std::int64_t count,
                      float* dst);
void finish_reduction(Reduction reduction, const double* sums, std::int64_t n, std::int64_t count,
                      double* dst);

}  // namespace inarch
