#pragma once

#include <cstddef>
#include <cstdint>

#include "compiler/core/merge.h"

namespace inarch {

/// The memory of merges: what is known of their runs, and what work on them takes. The executor
/// allocates by these very functions. `tile` is the number of elements that a worker computes at a
/// time, `width` the bytes of one.

/// Elements of each input that are merged at a time: so few that all inputs stay in a core's cache.
std::int64_t merge_chunk(const MergeOp& op, std::int64_t tile);
/// Runs and rows of so many elements are held while thresholds are found; with longer ones it is
/// done in passes.
std::int64_t held_elements(std::int64_t tile);
bool holds_runs(const MergeOp& op, std::int64_t tile);
/// A selection from a longer run guesses from a sample of so many elements, in pieces of
/// `sample_piece`, between which magnitudes the threshold lies, and holds those between, for which
/// it has so much room. 0: it does not guess.
std::int64_t selection_sample(std::int64_t size);
std::int64_t selection_room(std::int64_t size);
inline constexpr std::int64_t sample_piece = 128;
inline constexpr std::int64_t candidate_bytes = 8;
/// Rows that are computed at a time where their values depend on one another.
std::int64_t merge_rows(const MergeOp& op, std::int64_t tile);

/// Whether what stays at random, once it has been drawn to find how much that is, is kept, a bit
/// for each element; of more elements than that it is drawn again.
bool keeps_mask(const MergeOp& op);
/// What is kept of the runs: coefficients, thresholds, factors; 0 for merges that need nothing.
std::int64_t merge_state_bytes(const MergeOp& op, std::size_t inputs);
/// Scratch of the passes over the runs that find them, beside what computing the inputs takes.
std::int64_t merge_pass_bytes(const MergeOp& op, std::size_t inputs, std::int64_t tile, int width);
/// Thinnings of one program go through their passes together, portion by portion, so that what they
/// have in common is read once: how many at most, and what each but the first adds to the scratch.
std::int64_t most_in_lockstep(const MergeOp& op, std::int64_t tile);
std::int64_t lockstep_bytes(const MergeOp& op, std::int64_t tile);
/// Whether two of them have runs of one size and want the same passes.
bool goes_in_step(const MergeOp& a, const MergeOp& b);
/// Scratch that making results takes, beside what computing the inputs takes.
std::int64_t merge_apply_bytes(const MergeOp& op, std::size_t inputs, std::int64_t tile, int width);
/// What is kept from one tile to the next: rows that were computed as wholes.
std::int64_t merge_cache_bytes(const MergeOp& op, std::int64_t tile, int width);
/// What finding the ranks of a row takes.
std::int64_t ranking_bytes(std::int64_t row, int width);

/// Sums run in so many lanes, by the number of the element, and are added up at the end: so they do
/// not depend on how the elements came.
inline constexpr std::int64_t merge_lanes = 64;
/// Of a run that is thinned out: two thresholds of 16 bytes and a factor.
inline constexpr std::int64_t thinning_state_bytes = 40;

}  // namespace inarch
