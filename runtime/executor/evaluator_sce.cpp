// What SCE and RAM+ know of their runs: which entries vary most, mean squares, counts.

#include "runtime/executor/evaluator.h"
#include "runtime/executor/merge_state.h"
#include "runtime/kernels/ram.h"
#include "runtime/kernels/sce.h"

namespace inarch {

template <typename T>
bool Evaluator::find_sce(const MergeOp& op, std::uint32_t at, std::byte* state) {
  const std::size_t inputs = program_[at].inputs.size();
  const std::int64_t chunk = merge_chunk(op, how_.tile);
  const std::vector<T*> buffers = take_buffers<T>(inputs, chunk);
  T* const variances = arena_.take_elements<T>(chunk);
  auto* lanes = arena_.take_elements<double>(static_cast<std::int64_t>(inputs) * sum_lanes);
  for (std::int64_t run = 0; run < op.groups; ++run) {
    Cutoff cutoff;
    if (op.density < 1 && !find_variance_cutoff<T>(op, at, run, cutoff)) return false;
    std::fill_n(lanes, static_cast<std::int64_t>(inputs) * sum_lanes, 0.0);
    const bool good = for_portions(op.size, chunk, [&](std::int64_t done, std::int64_t n) {
      if (!eval_inputs<T>(at, run * op.size + done, n, buffers)) return false;
      if (op.density < 1) {
        entry_variances(read_only(buffers), n, variances);
        select_entries<T>(cutoff, done, n, variances, buffers);
      }
      double* sums = lanes;
      for (const T* d : buffers) {
        add_products(d, d, n, done, sums);
        sums += sum_lanes;
      }
      return true;
    });
    if (!good) return false;
    for (std::size_t k = 0; k < inputs; ++k) {
      lanes[k] = sum_of_lanes(lanes + static_cast<std::int64_t>(k) * sum_lanes) /
                 static_cast<double>(op.size);
    }
    double* const known = static_cast<double*>(static_cast<void*>(state)) + sce_offset(run, inputs);
    set_sce_cutoff(cutoff, known);
    sce_shares({lanes, inputs}, {known + 2, inputs});
  }
  return true;
}

template <typename T>
bool Evaluator::find_variance_cutoff(const MergeOp& op, std::uint32_t at, std::int64_t run,
                                     Cutoff& found) {
  const ArenaScope scope(arena_);
  const std::int64_t chunk = merge_chunk(op, how_.tile);
  const std::vector<T*> buffers = take_buffers<T>(program_[at].inputs.size(), chunk);
  const auto variances_at = [&](std::int64_t done, std::int64_t n, T* variances) {
    if (!eval_inputs<T>(at, run * op.size + done, n, buffers)) return false;
    entry_variances(read_only(buffers), n, variances);
    return true;
  };
  if (holds_runs(op, how_.tile)) {
    T* const held = arena_.take_elements<T>(op.size);
    T* const work = arena_.take_elements<T>(op.size);
    const bool good = for_portions(op.size, chunk, [&](std::int64_t done, std::int64_t n) {
      return variances_at(done, n, held + done);
    });
    if (!good) return false;
    const auto zeros = std::count(held, held + op.size, T{0});
    const double entries = op.density * static_cast<double>(op.size - zeros);
    found = find_cutoff(held, op.size, static_cast<std::int64_t>(entries), work);
    return true;
  }
  T* const variances = arena_.take_elements<T>(chunk);
  CutoffSearch search[] = {
      CutoffSearch::of_nonzero(how_.width, op.size, op.density, take_bins(arena_))};
  T* const sample = arena_.take_elements<T>(selection_sample(op.size));
  if (!guess_thresholds<T>(search, op.size, arena_, sample, variances_at)) return false;
  const bool good = run_searches(search, [&](const auto& add) {
    return for_portions(op.size, chunk, [&](std::int64_t done, std::int64_t n) {
      if (!variances_at(done, n, variances)) return false;
      add(variances, n);
      return true;
    });
  });
  found = search[0].cutoff();
  return good;
}

template <typename T>
bool Evaluator::find_ram(const MergeOp& op, std::uint32_t at, std::byte* state) {
  const std::size_t inputs = program_[at].inputs.size();
  const std::int64_t chunk = merge_chunk(op, how_.tile);
  const std::vector<T*> buffers = take_buffers<T>(inputs, chunk);
  auto* counts = arena_.take_elements<std::int64_t>(2 * static_cast<std::int64_t>(inputs));
  const std::span<std::int64_t> shared(counts, inputs), unique(counts + inputs, inputs);
  auto* scales = static_cast<double*>(static_cast<void*>(state));
  for (std::int64_t run = 0; run < op.groups; ++run) {
    std::fill_n(counts, 2 * inputs, std::int64_t{0});
    const bool good = for_portions(op.size, chunk, [&](std::int64_t done, std::int64_t n) {
      if (!eval_inputs<T>(at, run * op.size + done, n, buffers)) return false;
      count_shared(read_only(buffers), op.epsilon, n, shared, unique);
      return true;
    });
    if (!good) return false;
    for (std::size_t k = 0; k < inputs; ++k)
      *scales++ = ram_scale(shared[k], unique[k], op.epsilon, op.r, op.alpha);
  }
  return true;
}

template bool Evaluator::find_sce<float>(const MergeOp&, std::uint32_t, std::byte*);
template bool Evaluator::find_sce<double>(const MergeOp&, std::uint32_t, std::byte*);
template bool Evaluator::find_ram<float>(const MergeOp&, std::uint32_t, std::byte*);
template bool Evaluator::find_ram<double>(const MergeOp&, std::uint32_t, std::byte*);

}  // namespace inarch
