#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "compiler/core/ops.h"

namespace inarch {

/// A run of indices along one dimension.
struct BoxRange {
  std::int64_t begin = 0;
  std::int64_t count = 0;
};

namespace box_detail {

inline std::int64_t extent(std::int64_t size) { return size; }
inline std::int64_t extent(const ViewDim& dim) { return dim.size; }

// `outer` is the number of elements under one index of dimension dim - 1.
template <typename Dim, typename Callback>
void split(std::span<const Dim> dims, std::size_t dim, std::int64_t outer, std::int64_t begin,
           std::int64_t end, std::span<BoxRange> box, Callback& callback) {
  if (dim == dims.size()) {
    callback(std::span<const BoxRange>(box));
    return;
  }
  const std::int64_t inner = outer / extent(dims[dim]);
  const auto part_of = [&](std::int64_t index, std::int64_t from, std::int64_t to) {
    box[dim] = {index, 1};
    split(dims, dim + 1, inner, from, to, box, callback);
  };
  std::int64_t first = begin / inner;
  const std::int64_t whole_end = end / inner;
  if (first == (end - 1) / inner) return part_of(first, begin - first * inner, end - first * inner);
  if (begin > first * inner) {
    part_of(first, begin - first * inner, inner);
    ++first;
  }
  if (whole_end > first) {
    box[dim] = {first, whole_end - first};
    for (std::size_t d = dim + 1; d < dims.size(); ++d) box[d] = {0, extent(dims[d])};
    callback(std::span<const BoxRange>(box));
  }
  if (end > whole_end * inner) part_of(whole_end, 0, end - whole_end * inner);
}

}  // namespace box_detail

/// Splits the elements [begin, end) of a row-major nest into the fewest boxes, at most 2·rank − 1,
/// and calls callback(std::span<const BoxRange>) for each, in row-major order. Dim is an extent
/// (std::int64_t) or a ViewDim. `box` is workspace of dims.size() entries, valid during the call
/// only. 0 ≤ begin ≤ end ≤ number of elements; an empty range yields no box.
template <typename Dim, typename Callback>
void for_each_box(std::span<const Dim> dims, std::int64_t begin, std::int64_t end,
                  std::span<BoxRange> box, Callback&& callback) {
  if (begin >= end) return;
  std::int64_t elements = 1;
  for (const Dim& dim : dims) elements *= box_detail::extent(dim);
  box_detail::split(dims, 0, elements, begin, end, box.first(dims.size()), callback);
}

}  // namespace inarch
