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
  for (std::size_t i = 0; i < program_.size(); ++i) {
    if (windowed[i]) {
      const auto& read = std::get<ReadOp>(program_[program_[i].inputs[0]].data);
      windows_[i].stored = static_cast<std::byte*>(
          arena_.take(scratch::window_elements(program_[i], how_) * bytes(read.dtype)));
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
  for (std::size_t i = 0; i < program_.size(); ++i) {
    const Op& op = program_[i];
    bool good = true;
    if (const auto* reduce = std::get_if<ReduceOp>(&op.data)) {
      into.blocks[i] = Block(op.count * how_.width);
      good = op.count == 0 || materialise_reduction(*reduce, op, into.blocks[i].data());
    } else if (std::holds_alternative<HoldOp>(op.data)) {
      into.blocks[i] = Block(op.count * how_.width);
      good = eval_long(op.inputs[0], 0, op.count, into.blocks[i].data());
    } else if (const auto* largest = std::get_if<LargestOp>(&op.data)) {
      into.blocks[i] = Block(largest->groups * scratch::cutoff_bytes);
      good = op.count == 0 || materialise_cutoffs(*largest, op, into.blocks[i].data());
    } else if (std::holds_alternative<MatmulOp>(op.data)) {
      const std::int64_t elements = program_[op.inputs[1]].count;
      into.blocks[i] = Block(elements * how_.width);
      good = eval_long(op.inputs[1], 0, elements, into.blocks[i].data());
    }
    if (const auto* merge = if_boxed<MergeOp>(op.data)) {
      const std::int64_t kept = merge_state_bytes(*merge, op.inputs.size());
      if (kept == 0) continue;
      into.blocks[i] = Block(kept);
      good = op.count == 0 ||
             materialise_merge(*merge, static_cast<std::uint32_t>(i), into.blocks[i].data());
    } else if (const auto* decode = std::get_if<DecodeOp>(&op.data)) {
      into.blocks[i] = Block(scratch::kept_bytes(*decode->encoding));
      good = materialise_parts(*decode, op, into.blocks[i].data());
    } else if (const auto* encode = std::get_if<EncodeOp>(&op.data)) {
      if (!scratch::encodes_scales(*encode)) continue;
      into.blocks[i] = Block(scratch::encoded_scales_bytes(*encode));
      void* scales = into.blocks[i].data();
      good = materialise_scales(*encode, op, static_cast<float*>(scales));
    } else if (const auto* factors = if_boxed<LowRankOp>(op.data)) {
      into.blocks[i] = Block(op.count * std::int64_t{sizeof(float)});
      good = materialise_factors(*factors, static_cast<std::uint32_t>(i),
                                 static_cast<float*>(static_cast<void*>(into.blocks[i].data())));
    }
    if (!good) return std::move(*fault_);
  }
  return {};
}

}  // namespace inarch
