#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "compiler/plan/memory_model.h"
#include "compiler/plan/merge_memory.h"
#include "runtime/executor/arena.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/lane_sums.h"
#include "runtime/kernels/largest.h"

namespace inarch {

/// What is known of a run that is thinned out: of the largest magnitudes those within `skip` go,
/// and of the others those within `keep` stay, times a factor.
struct Thinning {
  Cutoff keep;
  Cutoff skip;
  double factor = 1;
};
static_assert(sizeof(Thinning) == thinning_state_bytes);
static_assert(sum_lanes == merge_lanes);

/// The bits of what stays, behind what is known of the runs.
inline std::uint8_t* mask_of(const MergeOp& op, std::byte* state) {
  return static_cast<std::uint8_t*>(static_cast<void*>(state + op.groups * thinning_state_bytes));
}
inline const std::uint8_t* mask_of(const MergeOp& op, const std::byte* state) {
  return static_cast<const std::uint8_t*>(
      static_cast<const void*>(state + op.groups * thinning_state_bytes));
}

/// What SCE knows of a run: a cutoff of variances, then a share for each difference.
inline std::size_t sce_offset(std::int64_t run, std::size_t inputs) {
  return static_cast<std::size_t>(run) * (inputs + 2);
}
inline Cutoff sce_cutoff(const double* state) {
  Cutoff found;
  std::memcpy(static_cast<void*>(&found), state, sizeof(found));
  return found;
}
inline void set_sce_cutoff(const Cutoff& found, double* state) {
  std::memcpy(state, &found, sizeof(found));
}
static_assert(sizeof(Cutoff) == 2 * sizeof(double));

template <typename T>
std::byte* as_bytes(T* values) {
  return static_cast<std::byte*>(static_cast<void*>(values));
}

template <typename T>
std::span<const T* const> read_only(const std::vector<T*>& buffers) {
  return {const_cast<const T* const*>(buffers.data()), buffers.size()};
}

/// values · factor, rounded once.
template <typename T>
void scale_values(double factor, std::int64_t n, T* values) {
  if (factor == 1) return;
  const T* const operand[] = {values};
  const double weight[] = {factor};
  linear(operand, weight, 0, n, values);
}

/// Sets all but the entries that vary most to zero, in all differences alike; `variances` is lost.
template <typename T>
void select_entries(const Cutoff& cutoff, std::int64_t first, std::int64_t n, T* variances,
                    std::span<T* const> differences) {
  keep_largest(cutoff, true, first, n, variances);
  for (T* d : differences) multiply(variances, n, d);
}

/// Calls visit(begin, n) for the portions of [0, size), front to back, until one says false.
template <typename Visit>
bool for_portions(std::int64_t size, std::int64_t chunk, const Visit& visit) {
  for (std::int64_t done = 0; done < size; done += chunk) {
    if (!visit(done, std::min(chunk, size - done))) return false;
  }
  return true;
}

inline std::span<std::int64_t> take_bins(Arena& arena) {
  return {arena.take_elements<std::int64_t>(scratch::magnitude_bins),
          static_cast<std::size_t>(scratch::magnitude_bins)};
}

/// Guesses of all searches over a run of `size` elements from one sample of it: pieces at equal
/// distances. values_at(begin, n, values) computes a part of the run; `sample` has room for
/// selection_sample() of them.
template <typename T, typename ValuesAt>
bool guess_thresholds(std::span<CutoffSearch> searches, std::int64_t size, Arena& arena, T* sample,
                      const ValuesAt& values_at) {
  const std::int64_t count = selection_sample(size);
  if (count == 0 || !std::is_same_v<T, float>) return true;
  const std::int64_t pieces = count / sample_piece;
  for (std::int64_t k = 0; k < pieces; ++k) {
    const std::int64_t begin = size / pieces * k;
    if (!values_at(begin, sample_piece, sample + k * sample_piece)) return false;
  }
  const auto room = static_cast<std::size_t>(selection_room(size));
  for (CutoffSearch& search : searches) {
    auto* candidates = arena.take_elements<std::uint64_t>(selection_room(size));
    if constexpr (std::is_same_v<T, float>)
      search.guess({sample, static_cast<std::size_t>(count)}, {candidates, room});
  }
  return true;
}

/// Selections over one run go through the same passes.
inline bool wants_pass(std::span<const CutoffSearch> searches) {
  return std::any_of(searches.begin(), searches.end(),
                     [](const CutoffSearch& search) { return search.wants_pass(); });
}
template <typename T>
void add_to_searches(std::span<CutoffSearch> searches, const T* values, std::int64_t n) {
  for (CutoffSearch& search : searches) {
    if (search.wants_pass()) search.add(values, n);
  }
}
inline void end_pass(std::span<CutoffSearch> searches) {
  for (CutoffSearch& search : searches) {
    if (search.wants_pass()) search.end_pass();
  }
}
/// pass(add) goes over the run once, and calls add(values, n) for portions of it.
template <typename Pass>
bool run_searches(std::span<CutoffSearch> searches, const Pass& pass) {
  while (wants_pass(searches)) {
    const auto add = [&](const auto* values, std::int64_t n) {
      add_to_searches(searches, values, n);
    };
    if (!pass(add)) return false;
    end_pass(searches);
  }
  return true;
}

}  // namespace inarch
