#pragma once

#include <cstdint>

namespace inarch {

/// Sums over rows in f64 with a fixed tree, so that a mean has the same bits however it was
/// divided: rows are grouped, from the first row of the axis, into blocks of `reduce_block_rows`; a
/// block is summed in order from 0, and the sums of blocks are added in order, from 0.
inline constexpr std::int64_t reduce_block_rows = 1024;

/// sums[j] += rows[i·inner + j], rows in order: within one block.
void accumulate_rows(const float* rows, std::int64_t n_rows, std::int64_t inner, double* sums);
void accumulate_rows(const double* rows, std::int64_t n_rows, std::int64_t inner, double* sums);
/// sums[j] += block[j]: the sum of the next block.
void add_block(const double* block, std::int64_t inner, double* sums);

/// For rows that come front to back in portions of any size: adds rows [first, first + n_rows) of
/// the axis. `block` (the sum of the block in progress) and `sums` hold `inner` values each and
/// start as zeros; a block that is full moves into sums. `axis` is the length of the axis: with its
/// last row the sums are complete.
void accumulate_portion(const float* rows, std::int64_t first, std::int64_t n_rows,
                        std::int64_t axis, std::int64_t inner, double* block, double* sums);
void accumulate_portion(const double* rows, std::int64_t first, std::int64_t n_rows,
                        std::int64_t axis, std::int64_t inner, double* block, double* sums);

/// dst[j] = sums[j] / count, rounded once; a NaN comes out positive and without payload.
void divide(const double* sums, std::int64_t n, std::int64_t count, float* dst);
void divide(const double* sums, std::int64_t n, std::int64_t count, double* dst);

/// The largest |value|, infinities included; NaN is passed over, and nothing at all yields 0.
double max_abs(const float* values, std::int64_t n);
double max_abs(const double* values, std::int64_t n);
/// The largest |a − b|. Equal infinities and two NaNs count as equal; a NaN beside a number is
/// infinitely far from it.
double max_abs_difference(const double* a, const double* b, std::int64_t n);
/// How many values are infinite or NaN.
std::int64_t count_non_finite(const float* values, std::int64_t n);
std::int64_t count_non_finite(const double* values, std::int64_t n);

}  // namespace inarch
