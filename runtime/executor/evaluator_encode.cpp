// What is stored of encoded tensors. A first pass over the values finds what scales each block,
// which is kept; a second one makes the codes, in chunks of whole blocks where blocks are flat, so
// that bytes never depend on how the output is cut.

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/codecs/bnb4.h"
#include "runtime/codecs/bnb_nested.h"
#include "runtime/codecs/e8m0.h"
#include "runtime/codecs/packed_e2m1.h"
#include "runtime/codecs/scaled_fp8.h"
#include "runtime/executor/evaluator.h"
#include "runtime/kernels/convert.h"

namespace inarch {

namespace {

unsigned char* bytes_of(std::byte* pointer) {
  return static_cast<unsigned char*>(static_cast<void*>(pointer));
}

BlockGrid grid_to_encode(const Encoding& e) {
  return {e.rows, e.columns, e.block_rows, e.block_columns};
}

Bnb4Kind kind_of(const Encoding& e) { return e.fp4_map ? Bnb4Kind::fp4 : Bnb4Kind::nf4; }

/// Elements [begin, begin + n) of a table of f32.
template <typename Table>
void copy_entries(const Table& table, std::int64_t begin, std::int64_t n, std::byte* target) {
  std::memcpy(target, table.data() + begin, static_cast<std::size_t>(n) * sizeof(float));
}

/// The scale that is stored is the reciprocal of what values are multiplied by, or what they are
/// divided by.
void store_fp8_scales(const Encoding& e, const float* kept, std::int64_t n, std::byte* target) {
  if (e.divides) return encode(e.scale, kept, n, target);
  for (std::int64_t k = 0; k < n; ++k) {
    const float scale = 1 / kept[k];
    if (e.scale == DType::f8_e8m0) {
      encode_e8m0(&scale, 1, bytes_of(target + k));
    } else {
      std::memcpy(target + k * std::int64_t{sizeof(float)}, &scale, sizeof(float));
    }
  }
}

/// What scales a block of this magnitude, as it is kept: for FP8 a multiplier where values are
/// multiplied, else the scale.
float block_scale(const Encoding& e, float magnitude) {
  if (e.codec == Codec::packed_e2m1) return e2m1_scale(magnitude);
  if (e.codec == Codec::bnb4) return magnitude;
  if (e.divides) return fp8_dividing_scale(e.scale, magnitude);
  if (e.scale == DType::f8_e8m0) return 1 / fp8_power_of_two_scale(e.code, magnitude);
  return fp8_multiplier(e.code, magnitude);
}

}  // namespace

bool Evaluator::apply(const EncodeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const Encoding& e = *op.encoding;
  const void* kept = scratch::encodes_scales(op) ? materialised_->of(at) : nullptr;
  const auto* scales = static_cast<const float*>(kept);
  switch (op.part) {
    case PartRole::codes:
      return e.codec == Codec::scaled_fp8 ? encode_fp8(op, at, begin, n, target)
                                          : encode_nibbles(op, at, begin, n, target);
    case PartRole::scales:
      if (e.nested_block > 0) {
        encode_nested(op, scales, begin, n, target);
      } else if (e.codec == Codec::scaled_fp8) {
        store_fp8_scales(e, scales + begin, n, target);
      } else if (e.scale == DType::f8_e8m0) {
        encode_e8m0(scales + begin, n, bytes_of(target));
      } else {
        std::memcpy(target, scales + begin, static_cast<std::size_t>(n) * sizeof(float));
      }
      return true;
    case PartRole::nested_scales:
      encode_nested(op, scales, begin, n, target);
      return true;
    case PartRole::map:
      copy_entries(bnb4_map(kind_of(e)), begin, n, target);
      return true;
    case PartRole::nested_map:
      copy_entries(bnb_dynamic_map(), begin, n, target);
      return true;
    case PartRole::state: {
      const double offset = scales != nullptr ? double{scales[e.block_count()]} : 0;
      const std::string text = state_with_offset(e.state, offset);
      std::memcpy(target, text.data() + begin, static_cast<std::size_t>(n));
      return true;
    }
    default:
      return keep(error("E902", "a part that cannot be encoded"));
  }
}

Evaluator::EncodeBuffers Evaluator::take_encode_buffers(const Encoding& encoding) {
  const std::int64_t chunk = scratch::encode_chunk(encoding, how_);
  EncodeBuffers buffers{arena_.take_elements<float>(chunk), nullptr};
  if (how_.width == 8) buffers.wide = static_cast<std::byte*>(arena_.take(chunk * how_.width));
  return buffers;
}

bool Evaluator::values_to_encode(std::uint32_t input, std::int64_t begin, std::int64_t n,
                                 const EncodeBuffers& buffers) {
  void* values = buffers.values;
  if (how_.width == 4) return eval_long(input, begin, n, static_cast<std::byte*>(values));
  if (!eval_long(input, begin, n, buffers.wide)) return false;
  const auto* wide = static_cast<const double*>(static_cast<const void*>(buffers.wide));
  std::transform(wide, wide + n, buffers.values, [](double x) { return static_cast<float>(x); });
  return true;
}

bool Evaluator::encode_fp8(const EncodeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                           std::byte* target) {
  const Encoding& e = *op.encoding;
  const void* kept = materialised_->of(at);
  const EncodeBuffers buffers = take_encode_buffers(e);
  if (!values_to_encode(program_[at].inputs[0], begin, n, buffers)) return false;
  const auto* scales = static_cast<const float*>(kept);
  if (e.divides) {
    encode_divided_fp8(grid_to_encode(e), scales, begin, n, buffers.values, bytes_of(target));
  } else {
    encode_scaled_fp8(e.code, grid_to_encode(e), scales, begin, n, buffers.values,
                      bytes_of(target));
  }
  return true;
}

/// Bytes [begin, begin + n) of codes, two a byte: from the block of the first one on.
bool Evaluator::encode_nibbles(const EncodeOp& op, std::uint32_t at, std::int64_t begin,
                               std::int64_t n, std::byte* target) {
  const Encoding& e = *op.encoding;
  const std::int64_t block = e.block_columns;
  const std::int64_t count = e.count();
  const std::int64_t chunk = scratch::encode_chunk(e, how_);
  const void* kept = materialised_->of(at);
  const EncodeBuffers buffers = take_encode_buffers(e);
  auto* packed = static_cast<std::byte*>(arena_.take(chunk / 2 + 1));
  const std::int64_t end = begin + n;
  while (begin < end) {
    const std::int64_t first = begin * 2 / block * block;
    const std::int64_t wanted = (end * 2 + block - 1) / block * block;
    const std::int64_t last = std::min({first + chunk, wanted, count});
    if (!values_to_encode(program_[at].inputs[0], first, last - first, buffers)) return false;
    const float* scales = static_cast<const float*>(kept) + first / block;
    if (e.codec == Codec::packed_e2m1) {
      encode_e2m1(buffers.values, scales, block, last - first, bytes_of(packed));
    } else {
      encode_bnb4(kind_of(e), buffers.values, scales, block, last - first, bytes_of(packed));
    }
    const std::int64_t until = std::min(end, (last + 1) / 2);
    std::memcpy(target, packed + (begin - first / 2), static_cast<std::size_t>(until - begin));
    target += until - begin;
    begin = until;
  }
  return true;
}

/// Entries of either part of scales that are encoded themselves, a nested block at a time.
void Evaluator::encode_nested(const EncodeOp& op, const float* absmax, std::int64_t begin,
                              std::int64_t n, std::byte* target) {
  const Encoding& e = *op.encoding;
  const std::int64_t size = e.nested_block;
  const std::int64_t count = e.block_count();
  const auto map = bnb_dynamic_map();
  const bool codes_wanted = op.part == PartRole::scales;
  auto* codes = static_cast<std::byte*>(arena_.take(size));
  const std::int64_t entries = codes_wanted ? size : 1;  // of this part, for each nested block
  for (std::int64_t end = begin + n; begin < end;) {
    const std::int64_t block = begin / entries;
    const std::int64_t first = block * size;
    const std::int64_t length = std::min(size, count - first);
    float scale = 0;
    encode_nested_absmax(absmax + first, absmax[count], map.data(), size, length, &scale,
                         bytes_of(codes));
    const std::int64_t until = std::min(end, (block + 1) * entries);
    if (codes_wanted) {
      std::memcpy(target, codes + (begin - first), static_cast<std::size_t>(until - begin));
      target += until - begin;
    } else {
      std::memcpy(target, &scale, sizeof(float));
      target += sizeof(float);
    }
    begin = until;
  }
}

bool Evaluator::materialise_scales(const EncodeOp& op, const Op& self, float* scales) {
  const ArenaScope scope(arena_);
  const Encoding& e = *op.encoding;
  const std::int64_t blocks = e.block_count();
  const std::int64_t count = e.count();
  const std::int64_t chunk = scratch::encode_chunk(e, how_);
  const EncodeBuffers buffers = take_encode_buffers(e);
  std::fill(scales, scales + blocks, 0.0F);
  for (std::int64_t begin = 0; begin < count; begin += chunk) {
    const std::int64_t n = std::min(chunk, count - begin);
    if (!values_to_encode(self.inputs[0], begin, n, buffers)) return false;
    if (e.codec == Codec::scaled_fp8) {
      block_magnitudes(grid_to_encode(e), buffers.values, begin, n, scales);
    } else if (e.codec == Codec::packed_e2m1) {
      group_magnitudes(buffers.values, e.block_columns, n, scales + begin / e.block_columns);
    } else {
      bnb4_absmax(buffers.values, e.block_columns, n, scales + begin / e.block_columns);
    }
  }
  for (std::int64_t k = 0; k < blocks; ++k) {
    const float magnitude = scales[k];
    scales[k] = block_scale(e, magnitude);
    if (std::isfinite(scales[k])) continue;
    const std::string what = std::isfinite(magnitude)
                                 ? fmt::format("too large for scales of {}", inarch::name(e.scale))
                                 : "not finite";
    return keep(error("E722", fmt::format("tensor '{}' is to be encoded and has values that are {}",
                                          escape_for_terminal(op.name), what)));
  }
  if (e.nested_block > 0) scales[blocks] = nested_offset(scales, blocks);
  return true;
}

}  // namespace inarch
