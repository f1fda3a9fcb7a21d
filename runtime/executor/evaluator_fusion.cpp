// The divergence of every row, and the importance from which an entry is taken.

#include <array>
#include <bit>
#include <limits>

#include "runtime/executor/evaluator.h"
#include "runtime/executor/merge_state.h"
#include "runtime/kernels/fusion.h"

namespace inarch {

namespace {

double magnitude_of(const Cutoff& cutoff, int width) {
  if (width == 8) return std::bit_cast<double>(cutoff.magnitude);
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(cutoff.magnitude)));
}

/// Where in rising order the quartile (1, 2 or 3) of n values is.
std::int64_t quartile_rank(std::int64_t quartile, std::int64_t n) {
  return static_cast<std::int64_t>(0.25 * static_cast<double>(quartile) *
                                   static_cast<double>(n - 1));
}

}  // namespace

template <typename T>
bool Evaluator::find_fusion(const MergeOp& op, std::uint32_t at, std::byte* state) {
  auto* divergences = static_cast<double*>(static_cast<void*>(state));
  double* const thresholds = divergences + op.count() / op.row;
  for (std::int64_t row = 0; row < op.count() / op.row; ++row) {
    if (!find_divergence<T>(op, at, row, divergences[row])) return false;
  }
  for (std::int64_t run = 0; run < op.groups; ++run) {
    std::array<double, 3> quartiles = {};
    if (!find_quartiles<T>(op, at, divergences, run, quartiles)) return false;
    thresholds[run] = quartiles[1] + 1.5 * (quartiles[2] - quartiles[0]);
  }
  return true;
}

/// A row that fits a tile is read once, a longer one once for each sum.
template <typename T>
bool Evaluator::find_divergence(const MergeOp& op, std::uint32_t at, std::int64_t row,
                                double& found) {
  const ArenaScope scope(arena_);
  const std::int64_t portion = std::min(op.row, held_elements(how_.tile));
  const std::vector<T*> buffers = take_buffers<T>(2, portion);
  RowDivergence sums;
  sums.most_x = sums.most_base = -std::numeric_limits<double>::infinity();
  using Fold = void (*)(const T*, const T*, std::int64_t, RowDivergence&);
  const Fold folds[] = {add_largest, add_exponentials, add_divergence};
  bool is_read = false;
  for (const Fold fold : folds) {
    const bool good = for_portions(op.row, portion, [&](std::int64_t done, std::int64_t n) {
      for (std::size_t k = 0; k < 2 && !is_read; ++k) {
        const std::uint32_t input = program_[at].inputs[k];
        if (!eval_long(input, row * op.row + done, n, as_bytes(buffers[k]))) return false;
      }
      fold(buffers[1], buffers[0], n, sums);
      return true;
    });
    if (!good) return false;
    is_read = op.row <= portion;
  }
  found = std::max(sums.divergence, 0.0);  // which rounding may miss
  return true;
}

/// Those of a portion, which may lie in several rows.
template <typename T>
bool Evaluator::find_importances(const MergeOp& op, std::uint32_t at, const double* divergences,
                                 std::int64_t begin, std::int64_t n, T* out) {
  const ArenaScope scope(arena_);
  const std::vector<T*> buffers = take_buffers<T>(2, merge_chunk(op, how_.tile));
  if (!eval_inputs<T>(at, begin, n, buffers)) return false;
  for (std::int64_t done = 0; done < n;) {
    const std::int64_t i = begin + done;
    const std::int64_t part = std::min(n - done, op.row - i % op.row);
    importances(buffers[1] + done, buffers[0] + done, divergences[i / op.row], part, out + done);
    done += part;
  }
  return true;
}

template <typename T>
bool Evaluator::find_quartiles(const MergeOp& op, std::uint32_t at, const double* divergences,
                               std::int64_t run, std::span<double, 3> quartiles) {
  const ArenaScope scope(arena_);
  const std::int64_t chunk = merge_chunk(op, how_.tile);
  const std::int64_t begin = run * op.size;
  if (holds_runs(op, how_.tile)) {
    T* const all = arena_.take_elements<T>(op.size);
    const bool good = for_portions(op.size, chunk, [&](std::int64_t done, std::int64_t n) {
      return find_importances(op, at, divergences, begin + done, n, all + done);
    });
    if (!good) return false;
    for (std::size_t q = 0; q < 3; ++q) {
      T* const place = all + quartile_rank(static_cast<std::int64_t>(q) + 1, op.size);
      std::nth_element(all, place, all + op.size);
      quartiles[q] = static_cast<double>(*place);
    }
    return true;
  }
  T* const values = arena_.take_elements<T>(chunk);
  const auto search = [&](std::int64_t quartile) {
    return CutoffSearch(how_.width, op.size, op.size - quartile_rank(quartile, op.size),
                        take_bins(arena_));
  };
  std::array<CutoffSearch, 3> searches = {search(1), search(2), search(3)};
  const auto values_at = [&](std::int64_t done, std::int64_t n, T* into) {
    return find_importances(op, at, divergences, begin + done, n, into);
  };
  T* const sample = arena_.take_elements<T>(selection_sample(op.size));
  if (!guess_thresholds<T>(searches, op.size, arena_, sample, values_at)) return false;
  const bool good = run_searches(searches, [&](const auto& add) {
    return for_portions(op.size, chunk, [&](std::int64_t done, std::int64_t n) {
      if (!values_at(done, n, values)) return false;
      add(values, n);
      return true;
    });
  });
  for (std::size_t q = 0; q < 3; ++q) quartiles[q] = magnitude_of(searches[q].cutoff(), how_.width);
  return good;
}

template bool Evaluator::find_fusion<float>(const MergeOp&, std::uint32_t, std::byte*);
template bool Evaluator::find_fusion<double>(const MergeOp&, std::uint32_t, std::byte*);

}  // namespace inarch
