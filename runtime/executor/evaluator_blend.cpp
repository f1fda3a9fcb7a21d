// Merges that are weighted sums: one pass finds all inner products of a run's inputs, in lanes, so
// that the portions in which the inputs arrive show in no bit.

#include "runtime/executor/evaluator.h"
#include "runtime/executor/merge_state.h"
#include "runtime/kernels/blend.h"

namespace inarch {

namespace {

/// x − base, rounded once.
template <typename T>
void subtract_base(const T* base, std::int64_t n, T* x) {
  const T* const operands[] = {x, base};
  const double weights[] = {1, -1};
  linear(operands, weights, 0, n, x);
}

/// Lanes of the inner products (i, j), j ≤ i, one after another.
template <typename T>
void add_all_products(std::span<T* const> xs, std::int64_t n, std::int64_t position,
                      double* lanes) {
  for (std::size_t i = 0; i < xs.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j, lanes += sum_lanes)
      add_products(xs[i], xs[j], n, position, lanes);
  }
}

void sum_products(const double* lanes, std::int64_t n, double* gram) {
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j, lanes += sum_lanes)
      gram[i * n + j] = gram[j * n + i] = sum_of_lanes(lanes);
  }
}

}  // namespace

template <typename T>
bool Evaluator::find_blend(const MergeOp& op, std::uint32_t at, std::byte* state) {
  const std::size_t inputs = program_[at].inputs.size();
  const std::size_t first = op.from_base ? 1 : 0;
  const auto all = static_cast<std::int64_t>(inputs);
  const auto n = static_cast<std::int64_t>(inputs - first);
  const std::int64_t chunk = merge_chunk(op, how_.tile);
  const std::vector<T*> buffers = take_buffers<T>(inputs, chunk);
  const std::span<T* const> blended(buffers.data() + first, inputs - first);
  auto* lanes = arena_.take_elements<double>(all * (all + 1) / 2 * sum_lanes);
  auto* gram = arena_.take_elements<double>(all * (all + 8));
  const std::span<double> work(gram + n * n, static_cast<std::size_t>(all * (all + 8) - n * n));
  auto* found = static_cast<double*>(static_cast<void*>(state));
  for (std::int64_t run = 0; run < op.groups; ++run, found += all) {
    std::fill_n(lanes, n * (n + 1) / 2 * sum_lanes, 0.0);
    const bool good = for_portions(op.size, chunk, [&](std::int64_t done, std::int64_t count) {
      if (!eval_inputs<T>(at, run * op.size + done, count, buffers)) return false;
      for (T* x : blended) {
        if (op.from_base) subtract_base(buffers[0], count, x);
      }
      add_all_products(blended, count, done, lanes);
      return true;
    });
    if (!good) return false;
    sum_products(lanes, n, gram);
    blend_coefficients(op, gram, n, found + first, work);
  }
  return true;
}

template bool Evaluator::find_blend<float>(const MergeOp&, std::uint32_t, std::byte*);
template bool Evaluator::find_blend<double>(const MergeOp&, std::uint32_t, std::byte*);

}  // namespace inarch
