#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/executor/evaluator.h"
#include "runtime/executor/strided_fetch.h"
#include "runtime/kernels/box.h"
#include "runtime/kernels/convert.h"
#include "runtime/kernels/gather.h"

namespace inarch {

namespace {

constexpr std::size_t most_dims = 32;

/// A system call and the page it touches cost about as much as reading this many bytes.
constexpr std::int64_t read_overhead_bytes = 4096;
/// Starting a computation costs about as much as this many elements of it.
constexpr std::int64_t compute_overhead = 512;

/// Elements [begin, begin + n) of the view, box by box.
bool fetch_view(const ViewOp& view, const StridedInput& input, std::int64_t begin, std::int64_t n,
                std::byte* target) {
  std::array<BoxRange, most_dims> box;
  bool good = true;
  std::int64_t done = 0;
  const std::span<const ViewDim> dims(view.dims);
  for_each_box(dims, begin, begin + n, std::span<BoxRange>(box), [&](auto ranges) {
    std::array<CopyDim, most_dims> loops;
    std::int64_t elements = 1;
    std::int64_t offset = view.offset;
    for (std::size_t d = ranges.size(); d-- > 0;) {
      loops[d] = {ranges[d].count, dims[d].stride, elements};
      elements *= ranges[d].count;
      offset += ranges[d].begin * dims[d].stride;
    }
    good = good && strided_fetch(input, offset, std::span(loops.data(), ranges.size()),
                                 target + done * input.width);
    done += elements;
  });
  return good;
}

}  // namespace

bool Evaluator::apply(const ViewOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const Op& self = program_[at];
  if (!std::holds_alternative<ReadOp>(program_[self.inputs[0]].data)) {
    return view_of_computed(op, self, begin, n, target);
  }
  if (how_.raw) return gather_stored(op, self, begin, n, target);
  return view_of_read(op, at, begin, n, target);
}

/// Elements [begin, begin + n) of the view as they are stored.
bool Evaluator::gather_stored(const ViewOp& op, const Op& self, std::int64_t begin, std::int64_t n,
                              std::byte* target) {
  const Op& input = program_[self.inputs[0]];
  const auto& source = std::get<ReadOp>(input.data);
  const ArenaScope scope(arena_);
  StridedInput stored;
  stored.width = bytes(source.dtype);
  stored.capacity = scratch::span_elements(input, how_);
  stored.buffer = static_cast<std::byte*>(arena_.take(stored.capacity * stored.width));
  stored.run_overhead = read_overhead_bytes / stored.width;
  stored.fetch = [&](std::int64_t first, std::int64_t count, void* into) {
    return read(source, first, count, into);
  };
  return fetch_view(op, stored, begin, n, target);
}

/// Gathers first and decodes what then lies together.
bool Evaluator::view_of_read(const ViewOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                             std::byte* target) {
  const Op& self = program_[at];
  const DType dtype = std::get<ReadOp>(program_[self.inputs[0]].data).dtype;
  const std::byte* gathered = nullptr;
  Window* window = windows_.empty() || windows_[at].stored == nullptr ? nullptr : &windows_[at];
  if (window != nullptr) {
    if (begin < window->begin || begin + n > window->end) {
      const std::int64_t end = std::min(begin + scratch::window_elements(self, how_), self.count);
      window->end = window->begin = begin;
      if (!gather_stored(op, self, begin, end - begin, window->stored)) return false;
      window->end = end;
    }
    gathered = window->stored + (begin - window->begin) * bytes(dtype);
  } else {
    auto* buffer =
        static_cast<std::byte*>(arena_.take(std::min(how_.tile, self.count) * bytes(dtype)));
    if (!gather_stored(op, self, begin, n, buffer)) return false;
    gathered = buffer;
  }
  with_values(target, [&](auto* values) { decode(dtype, gathered, n, values); });
  return true;
}

bool Evaluator::view_of_computed(const ViewOp& op, const Op& self, std::int64_t begin,
                                 std::int64_t n, std::byte* target) {
  const std::uint32_t source = self.inputs[0];
  StridedInput computed;
  computed.width = how_.width;
  computed.capacity = std::min(how_.tile, program_[source].count);
  computed.buffer = static_cast<std::byte*>(arena_.take(computed.capacity * computed.width));
  computed.run_overhead = compute_overhead;
  computed.fetch = [&](std::int64_t first, std::int64_t count, void* into) {
    return eval(source, first, count, static_cast<std::byte*>(into));
  };
  return fetch_view(op, computed, begin, n, target);
}

bool Evaluator::apply(const ConcatOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const Op& self = program_[at];
  const std::int64_t row = self.count / op.outer;
  if (!scratch::is_fine_concat(op)) return concat_blocks(op, self, row, begin, n, target);
  // Whole rows are gathered input by input; what is left at both ends block by block.
  const std::int64_t end = begin + n;
  const std::int64_t first_row = (begin + row - 1) / row;
  const std::int64_t last_row = end / row;
  if (last_row <= first_row) return concat_blocks(op, self, row, begin, n, target);
  const std::int64_t head = first_row * row - begin;
  const std::int64_t middle = (last_row - first_row) * row;
  return concat_blocks(op, self, row, begin, head, target) &&
         concat_rows(op, self, row, first_row, last_row - first_row, target + head * how_.width) &&
         concat_blocks(op, self, row, last_row * row, n - head - middle,
                       target + (head + middle) * how_.width);
}

bool Evaluator::concat_blocks(const ConcatOp& op, const Op& self, std::int64_t row,
                              std::int64_t begin, std::int64_t n, std::byte* target) {
  std::int64_t in_row = n > 0 ? begin % row : 0;
  std::int64_t outer = n > 0 ? begin / row : 0;
  for (std::size_t k = 0; n > 0; k = (k + 1) % op.blocks.size()) {
    const std::int64_t block = op.blocks[k];
    if (in_row < block) {
      const std::int64_t part = std::min(n, block - in_row);
      if (!eval(self.inputs[k], outer * block + in_row, part, target)) return false;
      target += part * how_.width;
      n -= part;
      in_row += part;
    }
    in_row -= block;
    if (k + 1 == op.blocks.size()) {
      ++outer;
      in_row = 0;
    }
  }
  return true;
}

bool Evaluator::concat_rows(const ConcatOp& op, const Op& self, std::int64_t row,
                            std::int64_t first_row, std::int64_t rows, std::byte* target) {
  auto* blocks = static_cast<std::byte*>(arena_.take(std::min(how_.tile, self.count) * how_.width));
  for (std::size_t k = 0; k < op.blocks.size(); ++k) {
    const std::int64_t block = op.blocks[k];
    if (block == 0) continue;
    if (!eval(self.inputs[k], first_row * block, rows * block, blocks)) return false;
    const std::array<CopyDim, 2> loops = {CopyDim{rows, block, row}, CopyDim{block, 1, 1}};
    strided_copy(blocks, target, how_.width, loops);
    target += block * how_.width;
  }
  return true;
}

bool Evaluator::apply(const TakeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const Op& self = program_[at];
  if (scratch::is_fine_take(op, how_)) return take_windows(op, self, begin, n, target);
  return take_rows(op, self, begin, n, target);
}

/// Rows that follow each other in the input too are taken in one go.
bool Evaluator::take_rows(const TakeOp& op, const Op& self, std::int64_t begin, std::int64_t n,
                          std::byte* target) {
  const auto rows = static_cast<std::int64_t>(op.indices.size());
  while (n > 0) {
    const std::int64_t row = begin / op.inner;
    const std::int64_t column = begin % op.inner;
    const std::int64_t outer = row / rows;
    auto index = op.indices.begin() + row % rows;
    const std::int64_t first = (outer * op.axis + *index) * op.inner + column;
    std::int64_t available = op.inner - column;
    while (available < n && index + 1 != op.indices.end() && *(index + 1) == *index + 1) {
      available += op.inner;
      ++index;
    }
    const std::int64_t part = std::min(n, available);
    if (!eval(self.inputs[0], first, part, target)) return false;
    target += part * how_.width;
    begin += part;
    n -= part;
  }
  return true;
}

/// Short rows: as many as lie close together are picked out of one window of the input.
bool Evaluator::take_windows(const TakeOp& op, const Op& self, std::int64_t begin, std::int64_t n,
                             std::byte* target) {
  const auto rows = static_cast<std::int64_t>(op.indices.size());
  const std::int64_t capacity = std::min(how_.tile, program_[self.inputs[0]].count);
  auto* window = static_cast<std::byte*>(arena_.take(capacity * how_.width));
  while (n > 0) {
    const std::int64_t row = begin / op.inner;
    const std::int64_t outer = row / rows;
    const std::int64_t last = std::min((begin + n - 1) / op.inner, outer * rows + rows - 1);
    std::int64_t low = op.indices[static_cast<std::size_t>(row % rows)];
    std::int64_t high = low;
    std::int64_t end = row + 1;  // rows [row, end) share the window
    for (; end <= last; ++end) {
      const std::int64_t index = op.indices[static_cast<std::size_t>(end % rows)];
      const std::int64_t wider = std::max(high, index) - std::min(low, index) + 1;
      const bool worth_it = wider * op.inner <= (end - row + 1) * (op.inner + compute_overhead);
      if (wider * op.inner > capacity || !worth_it) break;
      low = std::min(low, index);
      high = std::max(high, index);
    }
    const std::int64_t first = (outer * op.axis + low) * op.inner;
    if (!eval(self.inputs[0], first, (high - low + 1) * op.inner, window)) return false;
    for (std::int64_t r = row; r < end && n > 0; ++r) {
      const std::int64_t column = begin % op.inner;
      const std::int64_t part = std::min(n, op.inner - column);
      const std::int64_t from =
          (op.indices[static_cast<std::size_t>(r % rows)] - low) * op.inner + column;
      std::memcpy(target, window + from * how_.width, static_cast<std::size_t>(part * how_.width));
      target += part * how_.width;
      begin += part;
      n -= part;
    }
  }
  return true;
}

}  // namespace inarch
