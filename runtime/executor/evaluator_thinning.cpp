// Thresholds and factors of what is thinned out. A run that fits a tile is selected from in memory,
// a longer one by histograms, in as many passes as its digits take.

#include <array>

#include "runtime/executor/evaluator.h"
#include "runtime/executor/merge_state.h"
#include "runtime/kernels/bit_mask.h"
#include "runtime/kernels/coins.h"

namespace inarch {

namespace {

/// By how much what was left has to grow for the sum of magnitudes that there was.
double factor_for(const double* lanes) {
  constexpr double least = 1e-7;
  const double before = sum_of_lanes(lanes), after = sum_of_lanes(lanes + sum_lanes);
  return before < least || after < least ? 1 : before / after;
}

}  // namespace

template <typename T>
bool Evaluator::find_thinning(const MergeOp& op, std::uint32_t at, std::byte* state) {
  auto* found = static_cast<Thinning*>(static_cast<void*>(state));
  std::fill_n(found, op.groups, Thinning{});
  if (op.merge == Merge::trim && !find_cutoffs<T>(op, program_[at].inputs[0], found)) return false;
  return !op.rescale || find_factors<T>(op, at, state);
}

template <typename T>
bool Evaluator::find_cutoffs(const MergeOp& op, std::uint32_t input, Thinning* found) {
  const ArenaScope scope(arena_);
  if (holds_runs(op, how_.tile)) {
    T* const values = arena_.take_elements<T>(op.size);
    T* const work = arena_.take_elements<T>(op.size);
    for (std::int64_t run = 0; run < op.groups; ++run) {
      if (!eval(input, run * op.size, op.size, as_bytes(values))) return false;
      found[run].keep = find_cutoff(values, op.size, op.skip + op.keep, work);
      found[run].skip = find_cutoff(values, op.size, op.skip, work);
    }
    return true;
  }
  const std::int64_t chunk = merge_chunk(op, how_.tile);
  T* const values = arena_.take_elements<T>(chunk);
  const auto keep_bins = take_bins(arena_), skip_bins = take_bins(arena_);
  for (std::int64_t run = 0; run < op.groups; ++run) {
    std::array<CutoffSearch, 2> searches = {
        CutoffSearch(how_.width, op.size, op.skip + op.keep, keep_bins),
        CutoffSearch(how_.width, op.size, op.skip, skip_bins)};
    const auto values_at = [&](std::int64_t begin, std::int64_t n, T* into) {
      return eval(input, run * op.size + begin, n, as_bytes(into));
    };
    const ArenaScope guesses(arena_);
    if (!guess_thresholds<T>(searches, op.size, arena_, values_at)) return false;
    const bool good = run_searches(searches, [&](const auto& add) {
      return for_portions(op.size, chunk, [&](std::int64_t done, std::int64_t n) {
        if (!values_at(done, n, values)) return false;
        add(values, n);
        return true;
      });
    });
    if (!good) return false;
    found[run].keep = searches[0].cutoff();
    found[run].skip = searches[1].cutoff();
  }
  return true;
}

template <typename T>
bool Evaluator::find_factors(const MergeOp& op, std::uint32_t at, std::byte* state) {
  const ArenaScope scope(arena_);
  auto* found = static_cast<Thinning*>(static_cast<void*>(state));
  std::uint8_t* const mask = keeps_mask(op) ? mask_of(op, state) : nullptr;
  const std::int64_t chunk = merge_chunk(op, how_.tile);
  auto* lanes = arena_.take_elements<double>(2 * sum_lanes);
  T* const values = arena_.take_elements<T>(chunk);
  T* const ranked = op.merge == Merge::ranked_coins ? arena_.take_elements<T>(chunk) : values;
  for (std::int64_t run = 0; run < op.groups; ++run) {
    std::fill_n(lanes, 2 * sum_lanes, 0.0);
    const bool good = for_portions(op.size, chunk, [&](std::int64_t done, std::int64_t n) {
      const std::int64_t begin = run * op.size + done;
      if (!eval(program_[at].inputs[0], begin, n, as_bytes(values))) return false;
      add_magnitudes(values, n, done, lanes);
      if (op.merge == Merge::ranked_coins) {
        if (!copy_ranked(op, at, begin, n, ranked)) return false;
      } else if (op.merge == Merge::coins) {
        keep_at_random(op.seed, op.key, op.density, begin, n, values);
      } else {
        keep_largest(found[run].keep, false, done, n, values);
        drop_largest(found[run].skip, done, n, values);
      }
      add_magnitudes(ranked, n, done, lanes + sum_lanes);
      if (mask != nullptr) set_mask(ranked, begin, n, mask);
      return true;
    });
    if (!good) return false;
    found[run].factor = factor_for(lanes);
  }
  return true;
}

template bool Evaluator::find_thinning<float>(const MergeOp&, std::uint32_t, std::byte*);
template bool Evaluator::find_thinning<double>(const MergeOp&, std::uint32_t, std::byte*);

}  // namespace inarch
