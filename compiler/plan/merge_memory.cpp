#include "compiler/plan/merge_memory.h"

#include <algorithm>

#include "compiler/plan/memory_model.h"
#include "compiler/support/saturating.h"

namespace inarch {

namespace {

using scratch::buffer_bytes;

std::int64_t plus(std::int64_t a, std::int64_t b) { return saturating_add(a, b); }
std::int64_t times(std::int64_t a, std::int64_t b) { return saturating_multiply(a, b); }

std::int64_t sums_bytes(std::int64_t sums) {
  return buffer_bytes(times(sums, merge_lanes), sizeof(double));
}

/// Of so many thresholds, bins and candidates.
std::int64_t search_bytes(const MergeOp& op, std::int64_t thresholds) {
  return times(thresholds, plus(buffer_bytes(scratch::magnitude_bins, sizeof(std::int64_t)),
                                buffer_bytes(selection_room(op.size), candidate_bytes)));
}

/// `thresholds` of one run.
std::int64_t selection_bytes(const MergeOp& op, std::int64_t thresholds, std::int64_t tile,
                             int width) {
  if (holds_runs(op, tile)) return 2 * buffer_bytes(op.size, width);
  const std::int64_t chunk = buffer_bytes(merge_chunk(op, tile), width);
  return plus(plus(chunk, buffer_bytes(selection_sample(op.size), width)),
              search_bytes(op, thresholds));
}

std::int64_t trim_thresholds(const MergeOp& op) { return op.skip > 0 ? 2 : 1; }

std::int64_t blend_bytes(std::int64_t inputs, std::int64_t chunk, int width) {
  const std::int64_t pairs = times(inputs, inputs + 1) / 2;
  const std::int64_t solving = buffer_bytes(times(inputs, plus(inputs, 8)), sizeof(double));
  return plus(times(inputs, buffer_bytes(chunk, width)), plus(sums_bytes(pairs), solving));
}

}  // namespace

std::int64_t merge_chunk(const MergeOp& op, std::int64_t tile) {
  return std::max<std::int64_t>(std::min({tile, merge_tile_elements, op.count()}), 1);
}

std::int64_t held_elements(std::int64_t tile) { return times(4, tile); }

bool holds_runs(const MergeOp& op, std::int64_t tile) { return op.size <= held_elements(tile); }

std::int64_t selection_sample(std::int64_t size) {
  constexpr std::int64_t least = std::int64_t{1} << 14, most = std::int64_t{1} << 20;
  if (size < 4 * least || size > 256 * most) return 0;
  return std::clamp(size / 128, least, most) / sample_piece * sample_piece;
}

std::int64_t selection_room(std::int64_t size) {
  constexpr std::int64_t most = std::int64_t{1} << 21;
  return std::clamp<std::int64_t>(size / 8, 1024, most);
}

std::int64_t merge_rows(const MergeOp& op, std::int64_t tile) {
  const std::int64_t row = std::max<std::int64_t>(op.row, 1);
  return std::max<std::int64_t>(merge_chunk(op, tile) / row, 1);
}

std::int64_t ranking_bytes(std::int64_t row, int width) {
  const std::int64_t ranked = width == 8 ? 16 : 8;  // magnitude and place
  const std::int64_t marks = sizeof(std::uint16_t) + sizeof(std::uint8_t);
  return plus(buffer_bytes(row, sizeof(std::uint32_t)), buffer_bytes(row, ranked + marks));
}

bool keeps_mask(const MergeOp& op) {
  constexpr std::int64_t most = std::int64_t{1} << 28;
  const bool random = op.merge == Merge::coins || op.merge == Merge::ranked_coins;
  return random && op.rescale && op.count() <= most;
}

std::int64_t merge_state_bytes(const MergeOp& op, std::size_t inputs) {
  const auto n = static_cast<std::int64_t>(inputs);
  constexpr std::int64_t number = sizeof(double);
  if (is_blend(op.merge)) return times(op.groups, times(n, number));
  switch (op.merge) {
    case Merge::trim:
      return times(op.groups, thinning_state_bytes);
    case Merge::coins:
    case Merge::ranked_coins:
      if (!op.rescale) return 0;
      return plus(times(op.groups, thinning_state_bytes), keeps_mask(op) ? op.count() / 8 + 1 : 0);
    case Merge::sce:
      return times(op.groups, 2 * number + n * number);
    case Merge::ram:
      return op.r > 0 ? times(op.groups, n * number) : 0;
    case Merge::fusion:
      return times(plus(op.count() / std::max<std::int64_t>(op.row, 1), op.groups), number);
    default:
      return 0;
  }
}

std::int64_t merge_pass_bytes(const MergeOp& op, std::size_t inputs, std::int64_t tile, int width) {
  const auto n = static_cast<std::int64_t>(inputs);
  const std::int64_t chunk = merge_chunk(op, tile);
  const std::int64_t one = buffer_bytes(chunk, width);
  if (merge_state_bytes(op, inputs) == 0) return 0;
  if (is_blend(op.merge)) return blend_bytes(n, chunk, width);
  switch (op.merge) {
    case Merge::trim:
      return plus(plus(one, sums_bytes(2)), selection_bytes(op, trim_thresholds(op), tile, width));
    case Merge::coins:
      return plus(one, sums_bytes(2));
    case Merge::ranked_coins:
      return plus(plus(ranking_bytes(op.row, width), sums_bytes(2)), times(2, one));
    case Merge::sce:
      return plus(plus(times(2 * n + 1, one), sums_bytes(n)), selection_bytes(op, 1, tile, width));
    case Merge::ram:
      return plus(times(n, one), buffer_bytes(2 * n, sizeof(std::int64_t)));
    case Merge::fusion:
      return plus(
          plus(times(2, one), times(2, buffer_bytes(std::min(op.row, held_elements(tile)), width))),
          selection_bytes(op, 3, tile, width));
    default:
      return 0;
  }
}

std::int64_t lockstep_bytes(const MergeOp& op, std::int64_t tile) {
  const bool searches = op.merge == Merge::trim && !holds_runs(op, tile);
  return plus(sums_bytes(2), searches ? search_bytes(op, trim_thresholds(op)) : 0);
}

std::int64_t most_in_lockstep(const MergeOp& op, std::int64_t tile) {
  constexpr std::int64_t most = 16, most_bytes = std::int64_t{64} << 20;
  return std::clamp<std::int64_t>(most_bytes / lockstep_bytes(op, tile), 1, most);
}

bool goes_in_step(const MergeOp& a, const MergeOp& b) {
  return a.merge == b.merge && a.groups == b.groups && a.size == b.size && a.rescale == b.rescale &&
         (a.skip > 0) == (b.skip > 0);
}

std::int64_t merge_apply_bytes(const MergeOp& op, std::size_t inputs, std::int64_t tile,
                               int width) {
  const auto n = static_cast<std::int64_t>(inputs);
  const std::int64_t chunk = merge_chunk(op, tile);
  switch (op.merge) {
    case Merge::trim:
    case Merge::coins:
      return 0;
    case Merge::ranked_coins:
      return ranking_bytes(op.row, width);
    default:
      return is_blend(op.merge)
                 ? plus(buffer_bytes(chunk, width), buffer_bytes(chunk, sizeof(double)))
                 : times(n, buffer_bytes(chunk, width));
  }
}

std::int64_t merge_cache_bytes(const MergeOp& op, std::int64_t tile, int width) {
  if (op.merge != Merge::ranked_coins) return 0;
  return buffer_bytes(times(merge_rows(op, tile), op.row), width);
}

}  // namespace inarch
