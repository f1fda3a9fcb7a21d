#include "runtime/kernels/gather.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <optional>
#include <utility>

#include "runtime/kernels/box.h"
#include "runtime/kernels/bytes.h"
#include "runtime/kernels/transpose.h"

namespace inarch {

namespace {

// Sizes above 1 whose product fits 63 bits are fewer than this.
constexpr std::size_t most_dims = 64;

struct Nest {
  std::array<CopyDim, most_dims> dims;
  std::size_t rank = 0;

  CopyDim& inner() { return dims[rank - 1]; }
  void add(const CopyDim& dim);
  void erase(std::size_t d);
  std::optional<std::size_t> find(std::int64_t CopyDim::*stride) const;
};

// Dims that run on into each other become one.
void Nest::add(const CopyDim& dim) {
  if (dim.size == 1) return;
  if (rank > 0 && inner().source_stride == dim.source_stride * dim.size &&
      inner().target_stride == dim.target_stride * dim.size) {
    inner() = {inner().size * dim.size, dim.source_stride, dim.target_stride};
    return;
  }
  assert(rank < most_dims);
  dims[rank++] = dim;
}

void Nest::erase(std::size_t d) {
  for (--rank; d < rank; ++d) dims[d] = dims[d + 1];
}

// The dim whose stride is 1, if any.
std::optional<std::size_t> Nest::find(std::int64_t CopyDim::*stride) const {
  for (std::size_t d = rank; d-- > 0;) {
    if (dims[d].*stride == 1) return d;
  }
  return std::nullopt;
}

// Short runs of neighbours become single, wider elements.
void widen_elements(Nest& nest, int& width) {
  if (nest.rank == 0) return;
  const CopyDim run = nest.inner();
  if (run.source_stride != 1 || run.target_stride != 1) return;
  if (run.size != 2 && run.size != 4 && run.size != 8) return;
  if (run.size * width > 8) return;
  for (std::size_t d = 0; d + 1 < nest.rank; ++d) {
    if (nest.dims[d].source_stride % run.size != 0) return;
    if (nest.dims[d].target_stride % run.size != 0) return;
  }
  --nest.rank;
  for (std::size_t d = 0; d < nest.rank; ++d) {
    nest.dims[d].source_stride /= run.size;
    nest.dims[d].target_stride /= run.size;
  }
  width *= static_cast<int>(run.size);
}

// Calls body(source, target) at every index of the dims from `d` on.
template <typename Body>
void walk(const Nest& nest, std::size_t d, int width, const unsigned char* source,
          unsigned char* target, const Body& body) {
  if (d == nest.rank) return body(source, target);
  const CopyDim& dim = nest.dims[d];
  for (std::int64_t i = 0; i < dim.size; ++i) {
    walk(nest, d + 1, width, source + i * dim.source_stride * width,
         target + i * dim.target_stride * width, body);
  }
}

template <typename T>
void copy_line(const CopyDim& dim, const unsigned char* source, unsigned char* target) {
  constexpr std::int64_t width = sizeof(T);
  if (dim.source_stride == 0 && dim.target_stride == 1) {
    const T value = load<T>(source);
    for (std::int64_t i = 0; i < dim.size; ++i) store(target + i * width, value);
    return;
  }
  for (std::int64_t i = 0; i < dim.size; ++i) {
    store(target + i * dim.target_stride * width, load<T>(source + i * dim.source_stride * width));
  }
}

template <typename T>
void copy_lines(Nest nest, const unsigned char* source, unsigned char* target) {
  const CopyDim line = nest.rank == 0 ? CopyDim{1, 1, 1} : nest.inner();
  if (nest.rank > 0) --nest.rank;
  walk(nest, 0, sizeof(T), source, target,
       [&](const unsigned char* from, unsigned char* to) { copy_line<T>(line, from, to); });
}

void copy_runs(Nest nest, int width, const unsigned char* source, unsigned char* target) {
  const auto run = static_cast<std::size_t>(nest.inner().size * width);
  --nest.rank;
  walk(nest, 0, width, source, target,
       [&](const unsigned char* from, unsigned char* to) { std::memcpy(to, from, run); });
}

void copy_planes(Nest nest, std::size_t source_run, std::size_t target_run, int width,
                 const unsigned char* source, unsigned char* target) {
  const CopyDim rows = nest.dims[source_run];
  const CopyDim columns = nest.dims[target_run];
  nest.erase(std::max(source_run, target_run));
  nest.erase(std::min(source_run, target_run));
  walk(nest, 0, width, source, target, [&](const unsigned char* from, unsigned char* to) {
    transpose_plane(from, columns.source_stride, rows.size, columns.size, to, rows.target_stride,
                    width);
  });
}

void copy_nest(Nest nest, int width, const unsigned char* source, unsigned char* target) {
  widen_elements(nest, width);
  const auto target_run = nest.find(&CopyDim::target_stride);
  const auto source_run = nest.find(&CopyDim::source_stride);
  if (target_run && source_run && *source_run != *target_run) {
    return copy_planes(nest, *source_run, *target_run, width, source, target);
  }
  if (target_run) std::swap(nest.dims[*target_run], nest.inner());
  if (target_run && source_run) return copy_runs(nest, width, source, target);
  if (width == 1) copy_lines<std::uint8_t>(nest, source, target);
  if (width == 2) copy_lines<std::uint16_t>(nest, source, target);
  if (width == 4) copy_lines<std::uint32_t>(nest, source, target);
  if (width == 8) copy_lines<std::uint64_t>(nest, source, target);
}

}  // namespace

void strided_copy(const void* source, void* target, int width, std::span<const CopyDim> dims) {
  Nest nest;
  for (const CopyDim& dim : dims) {
    if (dim.size <= 0) return;
  }
  for (const CopyDim& dim : dims) nest.add(dim);
  copy_nest(nest, width, static_cast<const unsigned char*>(source),
            static_cast<unsigned char*>(target));
}

void copy_view_range(const void* source, int width, std::span<const ViewDim> dims,
                     std::int64_t begin, std::int64_t end, void* target) {
  if (begin >= end) return;
  std::array<ViewDim, most_dims> kept;
  std::size_t rank = 0;
  for (const ViewDim& dim : dims) {
    if (dim.size == 1) continue;
    assert(rank < most_dims);
    kept[rank++] = dim;
  }
  const std::span<const ViewDim> view(kept.data(), rank);
  std::array<BoxRange, most_dims> box;
  auto* to = static_cast<unsigned char*>(target);
  for_each_box(view, begin, end, box, [&](std::span<const BoxRange> ranges) {
    std::array<CopyDim, most_dims> loops;
    std::int64_t elements = 1;
    std::int64_t offset = 0;
    for (std::size_t d = rank; d-- > 0;) {
      loops[d] = {ranges[d].count, view[d].stride, elements};
      elements *= ranges[d].count;
      offset += ranges[d].begin * view[d].stride;
    }
    strided_copy(static_cast<const unsigned char*>(source) + offset * width, to, width,
                 std::span<const CopyDim>(loops.data(), rank));
    to += elements * width;
  });
}

}  // namespace inarch
