#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "runtime/kernels/gather.h"

namespace inarch {

/// Yields elements [first, first + n) of an input, one after another, at `into`. False stops.
using FetchRun = std::function<bool(std::int64_t first, std::int64_t n, void* into)>;

/// An input that is only available in runs, and the buffer they are put into.
struct StridedInput {
  int width = 4;                  // bytes of an element: 1, 2, 4 or 8
  std::byte* buffer = nullptr;    // for `capacity` elements, at least 1
  std::int64_t capacity = 1;      // longest run, and elements held at once
  std::int64_t run_overhead = 0;  // a run costs as much as this many more elements
  FetchRun fetch;
};

/// target[Σ k_d · target_stride_d] = input[offset + Σ k_d · source_stride_d] for every index k.
/// Fetches the runs that cost least: neighbours with the gaps between them where those are small,
/// single rows where they are not, many rows at a time before they are moved to their places.
/// At most 32 loops, of sizes ≥ 1.
bool strided_fetch(const StridedInput& input, std::int64_t offset, std::span<const CopyDim> loops,
                   std::byte* target);

}  // namespace inarch
