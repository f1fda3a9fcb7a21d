// Products. The sums inside a product are in an order that depends on the shape of the
// call, and so does the rounding. To get the same bits however the output is cut, rows are grouped
// in blocks that depend on the shapes of the operands alone, and a block is always computed whole,
// also when only a part of it is wanted; the last one is kept for the next tile.

#include <algorithm>
#include <cstring>

#include "compiler/plan/merge_memory.h"
#include "runtime/executor/evaluator.h"
#include "runtime/kernels/gemm.h"

namespace inarch {

void Evaluator::open_cache() {
  products_.assign(program_.size(), {});
  windows_.assign(program_.size(), {});
  shared_.assign(program_.size(), {});
  const std::vector<bool> windowed = scratch::windowed_views(program_, how_);
  const std::vector<bool> shared = scratch::shared_reads(program_, how_);
  const std::vector<bool> reads = scratch::windowed_reads(program_, how_);
  for (std::size_t i = 0; i < program_.size(); ++i) {
    if (windowed[i]) {
      const auto& read = std::get<ReadOp>(program_[program_[i].inputs[0]].data);
      windows_[i].stored = static_cast<std::byte*>(
          arena_.take(scratch::window_elements(program_[i], how_) * bytes(read.dtype)));
    }
    if (reads[i]) {
      const auto& read = std::get<ReadOp>(program_[i].data);
      windows_[i].stored = static_cast<std::byte*>(
          arena_.take(scratch::read_window_elements(program_[i]) * bytes(read.dtype)));
    }
    if (shared[i]) {
      shared_[i].values =
          static_cast<std::byte*>(arena_.take(std::min(how_.tile, program_[i].count) * how_.width));
    }
    if (const auto* merge = if_boxed<MergeOp>(program_[i].data)) {
      const std::int64_t kept = merge_cache_bytes(*merge, how_.tile, how_.width);
      if (kept > 0) products_[i].rows = static_cast<std::byte*>(arena_.take(kept));
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

Status Evaluator::materialise(Materialised& into) {
  const ArenaScope scope(arena_);
  open_cache();  // a right operand may be a product itself
  into.blocks.clear();
  into.blocks.resize(program_.size());
  materialised_ = &into;
  const auto thinnings = scratch::lockstep_thinnings(program_, how_);
  auto group = thinnings.begin();
  for (std::uint32_t at = 0; at < program_.size(); ++at) {
    if (!materialise_op(program_[at], at, into)) return std::move(*fault_);
    if (group == thinnings.end() || group->back() != at) continue;
    if (!materialise_thinnings(*group, into)) return std::move(*fault_);
    ++group;
  }
  return {};
}

/// Makes room for what is kept of an op, and finds it but for thinnings, which go together.
bool Evaluator::materialise_op(const Op& op, std::uint32_t at, Materialised& into) {
  Block& block = into.blocks[at];
  if (const auto* reduce = std::get_if<ReduceOp>(&op.data)) {
    block = Block(op.count * how_.width);
    return op.count == 0 || materialise_reduction(*reduce, op, block.data());
  }
  if (std::holds_alternative<HoldOp>(op.data)) {
    block = Block(op.count * how_.width);
    return eval_long(op.inputs[0], 0, op.count, block.data());
  }
  if (const auto* largest = std::get_if<LargestOp>(&op.data)) {
    block = Block(largest->groups * scratch::cutoff_bytes);
    return op.count == 0 || materialise_cutoffs(*largest, op, block.data());
  }
  if (std::holds_alternative<MatmulOp>(op.data)) {
    const std::int64_t elements = program_[op.inputs[1]].count;
    block = Block(elements * how_.width);
    return eval_long(op.inputs[1], 0, elements, block.data());
  }
  if (const auto* merge = if_boxed<MergeOp>(op.data)) {
    const std::int64_t kept = merge_state_bytes(*merge, op.inputs.size());
    if (kept > 0) block = Block(kept);
    if (kept == 0 || op.count == 0 || is_thinning(merge->merge)) return true;
    return materialise_merge(*merge, at, block.data());
  }
  if (const auto* decode = std::get_if<DecodeOp>(&op.data)) {
    block = Block(scratch::kept_bytes(*decode->encoding));
    return materialise_parts(*decode, op, block.data());
  }
  if (const auto* encode = std::get_if<EncodeOp>(&op.data)) {
    if (!scratch::encodes_scales(*encode)) return true;
    block = Block(scratch::encoded_scales_bytes(*encode));
    void* scales = block.data();
    return materialise_scales(*encode, op, static_cast<float*>(scales));
  }
  if (const auto* factors = if_boxed<LowRankOp>(op.data)) {
    block = Block(op.count * std::int64_t{sizeof(float)});
    return materialise_factors(*factors, at, static_cast<float*>(static_cast<void*>(block.data())));
  }
  return true;
}

}  // namespace inarch
