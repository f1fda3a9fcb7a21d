// Reductions and thresholds: what is known only when a whole axis has been seen. Their sums follow
// a tree that the shapes alone decide (axis_reduce.h), so the portions in which the input arrives
// show in no bit of the result.

#include <algorithm>
#include <cstring>

#include "runtime/executor/evaluator.h"
#include "runtime/kernels/axis_reduce.h"
#include "runtime/kernels/largest.h"

namespace inarch {

namespace {

static_assert(sizeof(Cutoff) == scratch::cutoff_bytes);

std::byte* bytes_of(void* values) { return static_cast<std::byte*>(values); }

/// The axis of one outer slice as rows of `columns` sums, and what is left of it.
struct Rows {
  std::int64_t count = 0;
  std::int64_t rest = 0;  // elements after the last whole row
};

Rows rows_of(const ReduceOp& op, const scratch::ReduceShape& shape) {
  return {op.axis / shape.lanes, op.axis % shape.lanes};
}

template <typename T>
void finish_lanes(const ReduceOp& op, const scratch::ReduceShape& shape, double* sums, T* result) {
  if (shape.lanes > 1) combine_sums(op.reduction, std::min(shape.lanes, op.axis), sums);
  finish_reduction(op.reduction, sums, shape.lanes > 1 ? 1 : shape.columns, op.axis, result);
}

}  // namespace

bool Evaluator::copy_held(std::uint32_t at, std::int64_t begin, std::int64_t n,
                          std::byte* target) const {
  std::memcpy(target, materialised_->of(at) + begin * how_.width,
              static_cast<std::size_t>(n * how_.width));
  return true;
}

bool Evaluator::apply(const ReduceOp&, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  return copy_held(at, begin, n, target);
}

bool Evaluator::apply(const HoldOp&, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  return copy_held(at, begin, n, target);
}

bool Evaluator::materialise_reduction(const ReduceOp& op, const Op& self, std::byte* result) {
  const scratch::ReduceShape shape = scratch::reduce_shape(op, how_);
  const std::uint32_t input = self.inputs[0];
  bool good = true;
  with_values(result, [&](auto* values) {
    if (shape.outers > 0) {
      good = reduce_whole_slices(op, input, values);
      return;
    }
    for (std::int64_t outer = 0; outer < op.outer && good; ++outer) {
      if (shape.lanes > 1) {
        good = reduce_long_row(op, input, outer, values + outer);
        continue;
      }
      for (std::int64_t column = 0; column < op.inner && good; column += shape.columns) {
        const std::int64_t columns = std::min(shape.columns, op.inner - column);
        good =
            reduce_columns(op, input, outer, column, columns, values + outer * op.inner + column);
      }
    }
  });
  return good;
}

/// Several outer slices at a time.
template <typename T>
bool Evaluator::reduce_whole_slices(const ReduceOp& op, std::uint32_t input, T* result) {
  const ArenaScope scope(arena_);
  const scratch::ReduceShape shape = scratch::reduce_shape(op, how_);
  const Rows rows = rows_of(op, shape);
  auto* block = arena_.take_elements<double>(shape.columns);
  auto* sums = arena_.take_elements<double>(shape.columns);
  auto* values = arena_.take_elements<T>(shape.buffer);
  const std::int64_t slice = op.axis * op.inner;
  const std::int64_t results = op.inner;
  for (std::int64_t outer = 0; outer < op.outer; outer += shape.outers) {
    const std::int64_t n = std::min(shape.outers, op.outer - outer);
    if (!eval(input, outer * slice, n * slice, bytes_of(values))) return false;
    for (std::int64_t k = 0; k < n; ++k) {
      const T* from = values + k * slice;
      start_reduction(op.reduction, shape.columns, block);
      start_reduction(op.reduction, shape.columns, sums);
      reduce_portion(op.reduction, from, 0, rows.count, rows.count, shape.columns, block, sums);
      reduce_row(op.reduction, from + rows.count * shape.columns, rows.rest, sums);
      finish_lanes(op, shape, sums, result + (outer + k) * results);
    }
  }
  return true;
}

/// Columns [column, column + columns) of one outer slice that is larger than a tile: many rows at a
/// time when rows are short, a part of each row when they are long.
template <typename T>
bool Evaluator::reduce_columns(const ReduceOp& op, std::uint32_t input, std::int64_t outer,
                               std::int64_t column, std::int64_t columns, T* result) {
  const ArenaScope scope(arena_);
  const scratch::ReduceShape shape = scratch::reduce_shape(op, how_);
  auto* block = arena_.take_elements<double>(columns);
  auto* sums = arena_.take_elements<double>(columns);
  start_reduction(op.reduction, columns, block);
  start_reduction(op.reduction, columns, sums);
  auto* values = arena_.take_elements<T>(shape.buffer);
  for (std::int64_t row = 0; row < op.axis; row += shape.rows) {
    const std::int64_t n = std::min(shape.rows, op.axis - row);
    const std::int64_t first = (outer * op.axis + row) * op.inner + column;
    if (!eval(input, first, n * columns, bytes_of(values))) return false;
    reduce_portion(op.reduction, values, row, n, op.axis, columns, block, sums);
  }
  finish_reduction(op.reduction, sums, columns, op.axis, result);
  return true;
}

/// One outer slice without inner dimensions that is larger than a tile, dealt out to lanes.
template <typename T>
bool Evaluator::reduce_long_row(const ReduceOp& op, std::uint32_t input, std::int64_t outer,
                                T* result) {
  const ArenaScope scope(arena_);
  const scratch::ReduceShape shape = scratch::reduce_shape(op, how_);
  const Rows rows = rows_of(op, shape);
  auto* block = arena_.take_elements<double>(shape.lanes);
  auto* sums = arena_.take_elements<double>(shape.lanes);
  start_reduction(op.reduction, shape.lanes, block);
  start_reduction(op.reduction, shape.lanes, sums);
  auto* values = arena_.take_elements<T>(shape.buffer);
  const std::int64_t begin = outer * op.axis;
  for (std::int64_t row = 0; row < rows.count; row += shape.rows) {
    const std::int64_t n = std::min(shape.rows, rows.count - row);
    const std::int64_t first = begin + row * shape.lanes;
    if (!eval_long(input, first, n * shape.lanes, bytes_of(values))) return false;
    reduce_portion(op.reduction, values, row, n, rows.count, shape.lanes, block, sums);
  }
  if (!eval_long(input, begin + op.axis - rows.rest, rows.rest, bytes_of(values))) return false;
  reduce_row(op.reduction, values, rows.rest, sums);
  finish_lanes(op, shape, sums, result);
  return true;
}

bool Evaluator::apply(const LargestOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  if (!eval(program_[at].inputs[0], begin, n, target)) return false;
  const auto* cutoffs = static_cast<const Cutoff*>(static_cast<const void*>(materialised_->of(at)));
  while (n > 0) {
    const std::int64_t first = begin % op.size;
    const std::int64_t part = std::min(n, op.size - first);
    with_values(target, [&](auto* values) {
      keep_largest(cutoffs[begin / op.size], op.as_mask, first, part, values);
    });
    target += part * how_.width;
    begin += part;
    n -= part;
  }
  return true;
}

bool Evaluator::materialise_cutoffs(const LargestOp& op, const Op& self, std::byte* result) {
  const ArenaScope scope(arena_);
  auto* cutoffs = static_cast<Cutoff*>(static_cast<void*>(result));
  const std::int64_t capacity = std::min(how_.tile, self.count);
  auto* tile = static_cast<std::byte*>(arena_.take(capacity * how_.width));
  const std::uint32_t input = self.inputs[0];
  bool good = true;
  if (op.size <= how_.tile) {
    auto* work = static_cast<std::byte*>(arena_.take(op.size * how_.width));
    const std::int64_t at_once = std::max<std::int64_t>(capacity / op.size, 1);
    for (std::int64_t group = 0; group < op.groups && good; group += at_once) {
      const std::int64_t n = std::min(at_once, op.groups - group);
      good = eval(input, group * op.size, n * op.size, tile);
      with_values(tile, [&]<typename T>(T* values) {
        for (std::int64_t k = 0; k < n && good; ++k) {
          cutoffs[group + k] = find_cutoff(values + k * op.size, op.size, op.keep,
                                           static_cast<T*>(static_cast<void*>(work)));
        }
      });
    }
    return good;
  }
  const std::span<std::int64_t> bins(arena_.take_elements<std::int64_t>(scratch::magnitude_bins),
                                     static_cast<std::size_t>(scratch::magnitude_bins));
  for (std::int64_t group = 0; group < op.groups && good; ++group) {
    CutoffSearch search(how_.width, op.size, op.keep, bins);
    while (search.wants_pass() && good) {
      for (std::int64_t done = 0; done < op.size && good; done += capacity) {
        const std::int64_t n = std::min(capacity, op.size - done);
        good = eval(input, group * op.size + done, n, tile);
        with_values(tile, [&](auto* values) {
          if (good) search.add(values, n);
        });
      }
      search.end_pass();
    }
    cutoffs[group] = search.cutoff();
  }
  return good;
}

}  // namespace inarch
