#pragma once

#include <cstdint>
#include <span>

#include "compiler/core/ops.h"

namespace inarch {

/// One loop of a strided copy; strides are in elements and may be zero or negative.
struct CopyDim {
  std::int64_t size = 0;
  std::int64_t source_stride = 0;
  std::int64_t target_stride = 0;
};

/// target[Σ k_d · target_stride_d] = source[Σ k_d · source_stride_d] for every index k, for
/// elements of `width` 1, 2, 4 or 8 bytes. Both pointers name the element at index 0 and need no
/// alignment. No target element is written twice and the two memories do not overlap. Without dims:
/// one element.
void strided_copy(const void* source, void* target, int width, std::span<const CopyDim> dims);

/// Elements [begin, end) of a view, written one after another to `target`. `source` is the element
/// at the view's offset; dims as in ViewOp.
void copy_view_range(const void* source, int width, std::span<const ViewDim> dims,
                     std::int64_t begin, std::int64_t end, void* target);

}  // namespace inarch
