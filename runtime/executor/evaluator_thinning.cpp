// Thresholds and factors of what is thinned out. A run that fits a few tiles is selected from in
// memory, a longer one in passes. The differences that a merge thins out go through their passes
// portion by portion, so that their base is read and decoded once for all.

#include <array>
#include <vector>

#include "runtime/executor/evaluator.h"
#include "runtime/executor/merge_state.h"
#include "runtime/kernels/bit_mask.h"
#include "runtime/kernels/coins.h"

namespace inarch {

struct Evaluator::ThinnedRuns {
  const MergeOp& op;
  std::uint32_t at;
  std::uint32_t input;
  std::byte* state;

  Thinning* found() const { return static_cast<Thinning*>(static_cast<void*>(state)); }
};

namespace {

/// By how much what was left has to grow for the sum of magnitudes that there was.
double factor_for(const double* lanes) {
  constexpr double least = 1e-7;
  const double before = sum_of_lanes(lanes), after = sum_of_lanes(lanes + sum_lanes);
  return before < least || after < least ? 1 : before / after;
}

}  // namespace

bool Evaluator::materialise_thinnings(std::span<const std::uint32_t> group, Materialised& into) {
  std::vector<ThinnedRuns> thinned;
  for (const std::uint32_t at : group) {
    const MergeOp& op = *if_boxed<MergeOp>(program_[at].data);
    thinned.push_back({op, at, program_[at].inputs[0], into.blocks[at].data()});
    std::fill_n(thinned.back().found(), op.groups, Thinning{});
  }
  const MergeOp& op = thinned.front().op;
  if (op.count() == 0) return true;
  bool good = true;
  with_values(nullptr, [&]<typename T>(T*) {
    good = (op.merge != Merge::trim || find_cutoffs<T>(thinned)) &&
           (!op.rescale || find_factors<T>(thinned));
  });
  return good;
}

template <typename T>
bool Evaluator::find_cutoffs(std::span<const ThinnedRuns> group) {
  const ArenaScope scope(arena_);
  const MergeOp& first = group.front().op;
  const bool holds = holds_runs(first, how_.tile);
  T* const values = holds ? arena_.take_elements<T>(first.size) : nullptr;
  T* const work = holds ? arena_.take_elements<T>(first.size) : nullptr;
  for (std::int64_t run = 0; run < first.groups; ++run) {
    if (!holds && !search_cutoffs<T>(group, run)) return false;
    for (std::size_t k = 0; k < group.size() && holds; ++k) {
      const auto& [op, at, input, state] = group[k];
      if (!eval_long(input, run * op.size, op.size, as_bytes(values))) return false;
      Thinning& found = group[k].found()[run];
      found.keep = find_cutoff(values, op.size, op.skip + op.keep, work);
      found.skip = find_cutoff(values, op.size, op.skip, work);
    }
  }
  return true;
}

template <typename T>
bool Evaluator::search_cutoffs(std::span<const ThinnedRuns> group, std::int64_t run) {
  const ArenaScope scope(arena_);
  const std::int64_t size = group.front().op.size;
  const std::int64_t chunk = merge_chunk(group.front().op, how_.tile);
  T* const values = arena_.take_elements<T>(chunk);
  std::vector<std::vector<CutoffSearch>> searches(group.size());
  const auto values_at = [&](std::size_t k, std::int64_t begin, std::int64_t n, T* into) {
    return eval(group[k].input, run * size + begin, n, as_bytes(into));
  };
  T* const sample = arena_.take_elements<T>(selection_sample(size));
  for (std::size_t k = 0; k < group.size(); ++k) {
    const MergeOp& op = group[k].op;
    searches[k].emplace_back(how_.width, size, op.skip + op.keep, take_bins(arena_));
    if (op.skip > 0) searches[k].emplace_back(how_.width, size, op.skip, take_bins(arena_));
    const auto of_this = [&](auto... portion) { return values_at(k, portion...); };
    if (!guess_thresholds<T>(searches[k], size, arena_, sample, of_this)) return false;
  }
  const auto wants = [](const auto& some) { return wants_pass(some); };
  while (std::any_of(searches.begin(), searches.end(), wants)) {
    const bool good = for_portions(size, chunk, [&](std::int64_t done, std::int64_t n) {
      for (std::size_t k = 0; k < group.size(); ++k) {
        if (!wants_pass(searches[k])) continue;
        if (!values_at(k, done, n, values)) return false;
        add_to_searches(searches[k], values, n);
      }
      return true;
    });
    if (!good) return false;
    for (auto& some : searches) end_pass(some);
  }
  for (std::size_t k = 0; k < group.size(); ++k) {
    group[k].found()[run].keep = searches[k].front().cutoff();
    if (searches[k].size() > 1) group[k].found()[run].skip = searches[k].back().cutoff();
  }
  return true;
}

template <typename T>
bool Evaluator::find_factors(std::span<const ThinnedRuns> group) {
  const ArenaScope scope(arena_);
  const MergeOp& first = group.front().op;
  const std::int64_t chunk = merge_chunk(first, how_.tile);
  const auto all_lanes = 2 * sum_lanes * static_cast<std::int64_t>(group.size());
  auto* lanes = arena_.take_elements<double>(all_lanes);
  T* const values = arena_.take_elements<T>(chunk);
  for (std::int64_t run = 0; run < first.groups; ++run) {
    std::fill_n(lanes, all_lanes, 0.0);
    if (first.merge == Merge::ranked_coins) {  // each block is summed when it is ranked
      for (const ThinnedRuns& thinned : group) products_[thinned.at].block = -1;
    }
    const bool good = for_portions(first.size, chunk, [&](std::int64_t done, std::int64_t n) {
      double* sums = lanes;
      for (const ThinnedRuns& thinned : group) {
        if (!thin_portion(thinned, run, done, n, values, sums)) return false;
        sums += 2 * sum_lanes;
      }
      return true;
    });
    if (!good) return false;
    const double* sums = lanes;
    for (const ThinnedRuns& thinned : group) {
      thinned.found()[run].factor = factor_for(sums);
      sums += 2 * sum_lanes;
    }
  }
  return true;
}

/// Adds up magnitudes before it and after it, and remembers what was drawn.
template <typename T>
bool Evaluator::thin_portion(const ThinnedRuns& thinned, std::int64_t run, std::int64_t done,
                             std::int64_t n, T* values, double* lanes) {
  const auto& [op, at, input, state] = thinned;
  const std::int64_t begin = run * op.size + done;
  std::uint8_t* const mask = keeps_mask(op) ? mask_of(op, state) : nullptr;
  if (op.merge == Merge::ranked_coins && op.groups == 1) {  // ranking reads values anyway
    if (!copy_ranked(op, at, begin, n, values, lanes)) return false;
    if (mask != nullptr) set_mask(values, begin, n, mask);
    add_magnitudes(values, n, done, lanes + sum_lanes);
    return true;
  }
  if (!eval(input, begin, n, as_bytes(values))) return false;
  add_magnitudes(values, n, done, lanes);
  if (op.merge == Merge::trim) {
    const Thinning& found = thinned.found()[run];
    keep_largest(found.keep, false, done, n, values);
    if (op.skip > 0) drop_largest(found.skip, done, n, values);
  } else if (op.merge == Merge::ranked_coins) {
    if (!copy_ranked(op, at, begin, n, values)) return false;
    if (mask != nullptr) set_mask(values, begin, n, mask);
  } else if (mask != nullptr) {
    mask_at_random(op.seed, op.key, op.density, begin, n, mask);
    add_masked_magnitudes(mask, begin, values, n, done, lanes + sum_lanes);
    return true;
  } else {
    keep_at_random(op.seed, op.key, op.density, begin, n, values);
  }
  add_magnitudes(values, n, done, lanes + sum_lanes);
  return true;
}

}  // namespace inarch
