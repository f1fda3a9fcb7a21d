// Products and means. The sums inside a product are in an order that depends on the shape of the
// call, and so does the rounding. To get the same bits however the output is cut, rows are grouped
// in blocks that depend on the shapes of the operands alone, and a block is always computed whole,
// also when only a part of it is wanted; the last one is kept for the next tile.

#include <algorithm>
#include <cstring>

#include "runtime/executor/evaluator.h"
#include "runtime/kernels/gemm.h"
#include "runtime/kernels/reduce.h"

namespace inarch {

void Evaluator::open_cache() {
  products_.assign(program_.size(), {});
  windows_.assign(program_.size(), {});
  const std::vector<bool> windowed = scratch::windowed_views(program_, how_);
  for (std::size_t i = 0; i < program_.size(); ++i) {
    if (windowed[i]) {
      const auto& read = std::get<ReadOp>(program_[program_[i].inputs[0]].data);
      windows_[i].stored = static_cast<std::byte*>(
          arena_.take(scratch::window_elements(program_[i], how_) * bytes(read.dtype)));
    }
    const auto* product = std::get_if<MatmulOp>(&program_[i].data);
    if (product == nullptr) continue;
    const std::int64_t rows = std::min(scratch::matmul_rows(*product), product->m);
    products_[i].rows = static_cast<std::byte*>(arena_.take(rows * product->n * how_.width));
  }
}

bool Evaluator::apply(const MatmulOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const std::int64_t block_elements = scratch::matmul_rows(op) * op.n;
  while (n > 0) {
    const std::int64_t block = begin / block_elements;
    if (products_[at].block != block && !compute_product_rows(op, at, block)) return false;
    const std::int64_t from = begin - block * block_elements;
    const std::int64_t part = std::min(n, block_elements - from);
    std::memcpy(target, products_[at].rows + from * how_.width,
                static_cast<std::size_t>(part * how_.width));
    target += part * how_.width;
    begin += part;
    n -= part;
  }
  return true;
}

bool Evaluator::compute_product_rows(const MatmulOp& op, std::uint32_t at, std::int64_t block) {
  const ArenaScope scope(arena_);
  const std::int64_t height = scratch::matmul_rows(op);
  const std::int64_t first = block * height;
  const std::int64_t rows = std::min(height, op.m - first);
  auto* left = static_cast<std::byte*>(arena_.take(rows * op.k * how_.width));
  products_[at].block = -1;
  if (!eval_long(program_[at].inputs[0], first * op.k, rows * op.k, left)) return false;
  with_values(products_[at].rows, [&]<typename T>(T* result) {
    gemm(rows, op.k, op.n, static_cast<const T*>(static_cast<const void*>(left)),
         static_cast<const T*>(static_cast<const void*>(materialised_->of(at))), result);
  });
  products_[at].block = block;
  return true;
}

bool Evaluator::apply(const MeanOp&, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  std::memcpy(target, materialised_->of(at) + begin * how_.width,
              static_cast<std::size_t>(n * how_.width));
  return true;
}

Status Evaluator::materialise(Materialised& into) {
  const ArenaScope scope(arena_);
  open_cache();  // a right operand may be a product itself
  into.blocks.clear();
  into.blocks.resize(program_.size());
  materialised_ = &into;
  for (std::size_t i = 0; i < program_.size(); ++i) {
    const Op& op = program_[i];
    bool good = true;
    if (const auto* mean = std::get_if<MeanOp>(&op.data)) {
      into.blocks[i] = Block(op.count * how_.width);
      good = op.count == 0 || materialise_mean(*mean, op, into.blocks[i].data());
    } else if (std::holds_alternative<MatmulOp>(op.data)) {
      const std::int64_t elements = program_[op.inputs[1]].count;
      into.blocks[i] = Block(elements * how_.width);
      good = eval_long(op.inputs[1], 0, elements, into.blocks[i].data());
    }
    if (!good) return std::move(*fault_);
  }
  return {};
}

bool Evaluator::materialise_mean(const MeanOp& op, const Op& self, std::byte* result) {
  bool good = true;
  with_values(result, [&](auto* values) {
    for (std::int64_t outer = 0; outer < op.outer && good; ++outer) {
      for (std::int64_t column = 0; column < op.inner && good; column += how_.tile) {
        const std::int64_t columns = std::min(how_.tile, op.inner - column);
        good = mean_columns(op, self.inputs[0], outer, column, columns,
                            values + outer * op.inner + column);
      }
    }
  });
  return good;
}

/// Sums of columns [column, column + columns) of one outer slice: many rows at a time when rows are
/// short, a part of each row when they are long.
template <typename T>
bool Evaluator::mean_columns(const MeanOp& op, std::uint32_t input, std::int64_t outer,
                             std::int64_t column, std::int64_t columns, T* result) {
  const ArenaScope scope(arena_);
  auto* block = arena_.take_elements<double>(columns);
  auto* sums = arena_.take_elements<double>(columns);
  std::fill(block, block + columns, 0.0);
  std::fill(sums, sums + columns, 0.0);
  const std::int64_t rows_at_once =
      columns == op.inner ? std::max<std::int64_t>(how_.tile / op.inner, 1) : 1;
  auto* rows = arena_.take_elements<T>(std::min(rows_at_once, op.axis) * columns);
  for (std::int64_t row = 0; row < op.axis; row += rows_at_once) {
    const std::int64_t n = std::min(rows_at_once, op.axis - row);
    const std::int64_t first = (outer * op.axis + row) * op.inner + column;
    if (!eval(input, first, n * columns, static_cast<std::byte*>(static_cast<void*>(rows)))) {
      return false;
    }
    accumulate_portion(rows, row, n, op.axis, columns, block, sums);
  }
  divide(sums, columns, op.axis, result);
  return true;
}

}  // namespace inarch
