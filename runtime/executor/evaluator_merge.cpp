// Merges, tile by tile, once what is known of their runs only as wholes has been found
// (evaluator_blend.cpp and its neighbours). Inputs are taken in portions that stay in a core's
// cache.

#include <algorithm>

#include "runtime/executor/evaluator.h"
#include "runtime/executor/merge_state.h"
#include "runtime/kernels/bit_mask.h"
#include "runtime/kernels/coins.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/fusion.h"
#include "runtime/kernels/nearswap.h"
#include "runtime/kernels/ram.h"
#include "runtime/kernels/ranked_coins.h"
#include "runtime/kernels/sce.h"
#include "runtime/kernels/vote.h"
#include "runtime/kernels/wide_sums.h"

namespace inarch {

namespace {

/// The part of [begin, begin + n) that lies in one run.
std::int64_t part_of_run(const MergeOp& op, std::int64_t begin, std::int64_t n) {
  return std::min(n, op.size - begin % op.size);
}

}  // namespace

template <typename T>
std::vector<T*> Evaluator::take_buffers(std::size_t count, std::int64_t elements) {
  std::vector<T*> buffers(count);
  for (T*& buffer : buffers) buffer = arena_.take_elements<T>(elements);
  return buffers;
}

template <typename T>
bool Evaluator::eval_inputs(std::uint32_t at, std::int64_t begin, std::int64_t n,
                            std::span<T* const> into) {
  for (std::size_t k = 0; k < into.size(); ++k) {
    if (!eval(program_[at].inputs[k], begin, n, as_bytes(into[k]))) return false;
  }
  return true;
}

bool Evaluator::materialise_merge(const MergeOp& op, std::uint32_t at, std::byte* state) {
  const ArenaScope scope(arena_);
  bool good = true;
  with_values(state, [&]<typename T>(T*) {
    good = is_blend(op.merge)          ? find_blend<T>(op, at, state)
           : op.merge == Merge::sce    ? find_sce<T>(op, at, state)
           : op.merge == Merge::ram    ? find_ram<T>(op, at, state)
           : op.merge == Merge::fusion ? find_fusion<T>(op, at, state)
                                       : true;
  });
  return good;
}

bool Evaluator::apply(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  bool good = true;
  with_values(target, [&](auto* values) {
    if (op.merge == Merge::ranked_coins && !keeps_mask(op)) {
      good = copy_ranked(op, at, begin, n, values) && scale_runs(op, at, begin, n, values);
      return;
    }
    const std::int64_t chunk = merge_chunk(op, how_.tile);
    for (std::int64_t done = 0; done < n && good;) {
      const std::int64_t part = part_of_run(op, begin + done, std::min(chunk, n - done));
      const ArenaScope scope(arena_);
      good = is_blend(op.merge)      ? blend_part(op, at, begin + done, part, values + done)
             : is_thinning(op.merge) ? thin_part(op, at, begin + done, part, values + done)
                                     : merge_part(op, at, begin + done, part, values + done);
      done += part;
    }
  });
  return good;
}

/// Input after input into one running sum, in f64. With a base, differences from it are added up
/// before it is: their coefficients may be large, and sums of large terms cancel.
template <typename T>
bool Evaluator::blend_part(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                           T* target) {
  const std::vector<std::uint32_t>& inputs = program_[at].inputs;
  const auto count = static_cast<std::int64_t>(inputs.size());
  const auto* all = static_cast<const double*>(static_cast<const void*>(materialised_->of(at)));
  const double* coefficients = all + begin / op.size * count;
  const std::int64_t chunk = merge_chunk(op, how_.tile);
  auto* next = arena_.take_elements<T>(chunk);
  auto* sums = arena_.take_elements<double>(chunk);
  std::fill_n(sums, n, 0.0);
  const std::size_t first = op.from_base ? 1 : 0;
  if (op.from_base && !eval(inputs[0], begin, n, as_bytes(target))) return false;
  for (std::size_t k = first; k < inputs.size(); ++k) {
    if (!eval(inputs[k], begin, n, as_bytes(next))) return false;
    if (op.from_base) {
      add_scaled_difference(coefficients[k], next, target, n, sums);
    } else {
      add_scaled(coefficients[k], next, n, sums);
    }
  }
  if (op.from_base) add_scaled(1, target, n, sums);
  store_sums(sums, n, target);
  return true;
}

template <typename T>
bool Evaluator::thin_part(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                          T* target) {
  if (!eval(program_[at].inputs[0], begin, n, as_bytes(target))) return false;
  const std::byte* state = materialised_ == nullptr ? nullptr : materialised_->of(at);
  const auto* known = static_cast<const Thinning*>(static_cast<const void*>(state));
  const std::int64_t first = begin % op.size;
  if (op.merge == Merge::trim) {
    const Thinning& run = known[begin / op.size];
    keep_largest(run.keep, false, first, n, target);
    if (op.skip > 0) drop_largest(run.skip, first, n, target);
    scale_values(run.factor, n, target);
    return true;
  }
  if (keeps_mask(op)) {
    keep_masked(mask_of(op, state), begin, n, target);
  } else {
    keep_at_random(op.seed, op.key, op.density, begin, n, target);
  }
  if (op.rescale) scale_values(known[begin / op.size].factor, n, target);
  return true;
}

template <typename T>
bool Evaluator::merge_part(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                           T* target) {
  const std::size_t count = program_[at].inputs.size();
  std::vector<T*> inputs = take_buffers<T>(count, merge_chunk(op, how_.tile));
  if (!eval_inputs<T>(at, begin, n, inputs)) return false;
  const std::byte* state = materialised_ == nullptr ? nullptr : materialised_->of(at);
  const auto* numbers = static_cast<const double*>(static_cast<const void*>(state));
  const std::int64_t run = begin / op.size;
  switch (op.merge) {
    case Merge::vote:
      vote(read_only(inputs), op.weights, op.normalize, n, target);
      return true;
    case Merge::sce: {
      const double* known = numbers + sce_offset(run, count);
      if (op.density < 1) {
        entry_variances(read_only(inputs), n, target);
        select_entries<T>(sce_cutoff(known), begin % op.size, n, target, inputs);
      }
      sce_sum(read_only(inputs), {known + 2, count}, n, target);
      return true;
    }
    case Merge::ram: {
      const bool scaled = op.r > 0;
      const double* scales = scaled ? numbers + run * static_cast<std::int64_t>(count) : nullptr;
      ram_sum(read_only(inputs), op.epsilon, {scales, scaled ? count : 0}, n, target);
      return true;
    }
    case Merge::nearswap:
      std::copy_n(inputs[0], n, target);
      nearswap(inputs[1], op.t, n, target);
      return true;
    case Merge::fusion: {
      const double threshold = (numbers + op.count() / op.row)[run];
      std::copy_n(inputs[0], n, target);
      for (std::int64_t done = 0; done < n;) {
        const std::int64_t i = begin + done;
        const std::int64_t part = std::min(n - done, op.row - i % op.row);
        fuse_important(inputs[1] + done, numbers[i / op.row], threshold, part, target + done);
        done += part;
      }
      return true;
    }
    default:
      return false;
  }
}

/// By what each run's rest has to grow.
template <typename T>
bool Evaluator::scale_runs(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                           T* values) {
  if (!op.rescale) return true;
  const auto* known = static_cast<const Thinning*>(static_cast<const void*>(materialised_->of(at)));
  for (std::int64_t done = 0; done < n;) {
    const std::int64_t part = part_of_run(op, begin + done, n - done);
    scale_values(known[(begin + done) / op.size].factor, part, values + done);
    done += part;
  }
  return true;
}

/// Rows are thinned out as wholes, and the last few are kept for the next tile.
template <typename T>
bool Evaluator::copy_ranked(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                            T* target, double* lanes) {
  const std::int64_t block_elements = merge_rows(op, how_.tile) * op.row;
  while (n > 0) {
    const std::int64_t block = begin / block_elements;
    if (products_[at].block != block && !rank_rows<T>(op, at, block, lanes)) return false;
    const auto* rows = static_cast<const T*>(static_cast<const void*>(products_[at].rows));
    const std::int64_t from = begin - block * block_elements;
    const std::int64_t part = std::min(n, block_elements - from);
    std::copy_n(rows + from, part, target);
    target += part;
    begin += part;
    n -= part;
  }
  return true;
}

template <typename T>
bool Evaluator::rank_rows(const MergeOp& op, std::uint32_t at, std::int64_t block, double* lanes) {
  const ArenaScope scope(arena_);
  const std::int64_t height = merge_rows(op, how_.tile);
  const std::int64_t first = block * height * op.row;
  const std::int64_t rows = std::min(height, (op.count() - first) / op.row);
  auto* values = static_cast<T*>(static_cast<void*>(products_[at].rows));
  products_[at].block = -1;
  if (!eval_long(program_[at].inputs[0], first, rows * op.row, products_[at].rows)) return false;
  if (lanes != nullptr) add_magnitudes(values, rows * op.row, first, lanes);
  auto* coins = arena_.take_elements<std::uint32_t>(op.row);
  const auto bytes = static_cast<std::size_t>(
      ranking_bytes(op.row, how_.width) -
      scratch::buffer_bytes(op.row, static_cast<std::int64_t>(sizeof(std::uint32_t))));
  const std::span<std::byte> work(
      static_cast<std::byte*>(arena_.take(static_cast<std::int64_t>(bytes))), bytes);
  for (std::int64_t row = 0; row < rows; ++row) {
    draw_coins(op.seed, op.key, first + row * op.row, op.row, coins);
    keep_by_ranked_coin(coins, op.density, op.epsilon, op.row, values + row * op.row, work);
  }
  products_[at].block = block;
  return true;
}

template std::vector<float*> Evaluator::take_buffers<float>(std::size_t, std::int64_t);
template std::vector<double*> Evaluator::take_buffers<double>(std::size_t, std::int64_t);
template bool Evaluator::eval_inputs<float>(std::uint32_t, std::int64_t, std::int64_t,
                                            std::span<float* const>);
template bool Evaluator::eval_inputs<double>(std::uint32_t, std::int64_t, std::int64_t,
                                             std::span<double* const>);
template bool Evaluator::copy_ranked<float>(const MergeOp&, std::uint32_t, std::int64_t,
                                            std::int64_t, float*, double*);
template bool Evaluator::copy_ranked<double>(const MergeOp&, std::uint32_t, std::int64_t,
                                             std::int64_t, double*, double*);

}  // namespace inarch
