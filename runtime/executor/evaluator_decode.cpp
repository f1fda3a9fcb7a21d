// Values of encoded tensors. Scales, zero points and maps are small and kept as long as a step
// lasts; codes are read as they are asked for, except where a row of values is a column of words
// (AWQ, GPTQ and the like): those are kept whole, at four bits a value.

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/codecs/awq.h"
#include "runtime/codecs/bnb4.h"
#include "runtime/codecs/bnb_nested.h"
#include "runtime/codecs/e8m0.h"
#include "runtime/codecs/gptq.h"
#include "runtime/codecs/packed_e2m1.h"
#include "runtime/codecs/packed_int.h"
#include "runtime/codecs/scaled_fp8.h"
#include "runtime/executor/evaluator.h"
#include "runtime/executor/kept_parts.h"
#include "runtime/kernels/convert.h"

namespace inarch {

namespace {

unsigned char* as_bytes(void* pointer) { return static_cast<unsigned char*>(pointer); }

Diagnostic bad_part(const DecodeOp& op, const std::string& what) {
  return error("E721", fmt::format("tensor '{}' has {}", escape_for_terminal(op.name), what));
}

BlockGrid grid_of(const Encoding& e) { return {e.rows, e.columns, e.block_rows, e.block_columns}; }

}  // namespace

bool Evaluator::apply(const DecodeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const auto decode_into = [&](float* values) {
    return scratch::decodes_rows(*op.encoding) ? decode_rows(op, at, begin, n, values)
                                               : decode_flat(op, at, begin, n, values);
  };
  if (how_.width == 4) return decode_into(static_cast<float*>(static_cast<void*>(target)));
  auto* values = arena_.take_elements<float>(n);
  if (!decode_into(values)) return false;
  std::copy(values, values + n, static_cast<double*>(static_cast<void*>(target)));
  return true;
}

bool Evaluator::decode_flat(const DecodeOp& op, std::uint32_t at, std::int64_t begin,
                            std::int64_t n, float* values) {
  const Encoding& e = *op.encoding;
  const KeptParts kept(e, materialised_->blocks[at].data());
  const ReadOp& codes = part_read(program_[at], *e.find(PartRole::codes));
  const float* scales = kept.reals(PartRole::scales);
  void* buffer = arena_.take(scratch::code_bytes(e, n));
  if (e.codec == Codec::scaled_fp8) {
    if (!read(codes, begin, n, buffer)) return false;
    decode_scaled_fp8(e.code, grid_of(e), as_bytes(buffer), scales, begin, n, values);
    return true;
  }
  const std::int64_t first_byte = begin / 2;
  if (!read(codes, first_byte, (begin + n + 1) / 2 - first_byte, buffer)) return false;
  const float* of_block = scales + begin / e.block_columns;
  if (e.codec == Codec::packed_e2m1) {
    decode_e2m1(as_bytes(buffer), of_block, e.block_columns, begin, n, values);
  } else {
    decode_bnb4(as_bytes(buffer), kept.reals(PartRole::map), of_block, e.block_columns, begin, n,
                values);
  }
  return true;
}

/// The rows that are asked for as a whole go to where they are wanted, the ends over a buffer.
bool Evaluator::decode_rows(const DecodeOp& op, std::uint32_t at, std::int64_t begin,
                            std::int64_t n, float* values) {
  const Encoding& e = *op.encoding;
  const std::byte* kept = materialised_->blocks[at].data();
  auto* row_values = arena_.take_elements<float>(e.columns);
  while (n > 0) {
    const std::int64_t row = begin / e.columns;
    const std::int64_t column = begin % e.columns;
    std::int64_t part = std::min(n, e.columns - column);
    if (part == e.columns) {
      part = n / e.columns * e.columns;
      decode_whole_rows(e, kept, row, part / e.columns, values);
    } else {
      decode_whole_rows(e, kept, row, 1, row_values);
      std::copy(row_values + column, row_values + column + part, values);
    }
    values += part;
    begin += part;
    n -= part;
  }
  return true;
}

void Evaluator::decode_whole_rows(const Encoding& e, const std::byte* block, std::int64_t first,
                                  std::int64_t rows, float* values) const {
  const KeptParts kept(e, const_cast<std::byte*>(block));
  const std::int64_t groups = (e.columns + e.block_columns - 1) / e.block_columns;
  const unsigned char* codes = kept.raw(PartRole::codes);
  const unsigned char* zeros = kept.raw(PartRole::zeros);
  const float* scales = kept.reals(PartRole::scales);
  const std::int32_t* indices = kept.indices(PartRole::groups);
  if (e.codec == Codec::awq) {
    decode_awq({e.columns, e.rows, e.block_columns, codes, zeros, scales}, first, rows, values);
  } else if (e.codec == Codec::gptq) {
    decode_gptq({e.bits, e.columns, e.rows, groups, e.block_columns, codes, zeros, scales, indices,
                 e.zero_minus_one},
                first, rows, values);
  } else {
    decode_packed_int(
        {e.bits, e.columns, e.rows, groups, e.block_columns, codes, scales, zeros, indices}, first,
        rows, values);
  }
}

bool Evaluator::materialise_parts(const DecodeOp& op, const Op& self, std::byte* block) {
  const ArenaScope scope(arena_);
  const Encoding& e = *op.encoding;
  const KeptParts kept(e, block);
  for (const PartRole role : {PartRole::codes, PartRole::zeros, PartRole::groups, PartRole::map}) {
    std::byte* into = kept.of(role);
    if (into == nullptr) continue;
    if (!read(part_read(self, *e.find(role)), 0, *part_count(e, role), into)) return false;
  }
  if (const std::int32_t* indices = kept.indices(PartRole::groups)) {
    const std::int64_t groups = (e.columns + e.block_columns - 1) / e.block_columns;
    const bool good = std::all_of(indices, indices + e.columns,
                                  [&](std::int32_t g) { return g >= 0 && g < groups; });
    if (!good) return keep(bad_part(op, "an input whose group is not there"));
  }
  float* scales = kept.reals(PartRole::scales);
  if (!(e.nested_block > 0 ? read_nested_scales(op, self, scales) : read_scales(op, self, scales)))
    return false;
  const bool finite = std::all_of(scales, scales + e.block_count(),
                                  [](float scale) { return std::isfinite(scale); });
  return finite || keep(bad_part(op, "a scale that is not a number"));
}

bool Evaluator::read_scales(const DecodeOp& op, const Op& self, float* scales) {
  const Encoding& e = *op.encoding;
  const ReadOp& stored = part_read(self, *e.find(PartRole::scales));
  const std::int64_t count = e.block_count();
  const std::int64_t tile = std::min(how_.tile, count);
  void* buffer = arena_.take(tile * std::int64_t{sizeof(double)});
  for (std::int64_t done = 0; done < count; done += tile) {
    const std::int64_t n = std::min(tile, count - done);
    if (!read(stored, done, n, buffer)) return false;
    if (e.scale == DType::f8_e8m0) {
      decode_e8m0(as_bytes(buffer), n, scales + done);
    } else {
      decode(e.scale, buffer, n, scales + done);
    }
  }
  const auto global = e.find(PartRole::global_scale);
  if (!global) return true;
  float divisor = 1;
  if (!read(part_read(self, *global), 0, 1, &divisor)) return false;
  for (std::int64_t k = 0; k < count; ++k) scales[k] /= divisor;
  return true;
}

bool Evaluator::read_nested_scales(const DecodeOp& op, const Op& self, float* scales) {
  const Encoding& e = *op.encoding;
  const std::size_t of_scales = *e.find(PartRole::nested_scales);
  const std::int64_t blocks = *part_count(e, PartRole::nested_scales);
  const std::int64_t map_size = *part_count(e, PartRole::nested_map);
  const std::int64_t count = e.block_count();
  const std::int64_t tile = std::min(how_.tile, count);
  void* codes = arena_.take(tile * std::int64_t{sizeof(double)});
  auto* nested = arena_.take_elements<float>(blocks);
  auto* map = arena_.take_elements<float>(map_size);
  if (!read(part_read(self, of_scales), 0, blocks, nested) ||
      !read(part_read(self, *e.find(PartRole::nested_map)), 0, map_size, map)) {
    return false;
  }
  auto offset = static_cast<float>(e.nested_offset);
  if (e.find(PartRole::state) && !read_state_offset(op, self, offset)) return false;
  const ReadOp& stored = part_read(self, *e.find(PartRole::scales));
  for (std::int64_t done = 0; done < count; done += tile) {
    const std::int64_t n = std::min(tile, count - done);
    if (!read(stored, done, n, codes)) return false;
    decode_nested_absmax(as_bytes(codes), map, nested + done / e.nested_block, offset,
                         e.nested_block, done, n, scales + done);
  }
  return true;
}

bool Evaluator::read_state_offset(const DecodeOp& op, const Op& self, float& offset) {
  const Encoding& e = *op.encoding;
  const auto size = static_cast<std::int64_t>(e.state.size());
  auto* text = static_cast<char*>(arena_.take(size));
  if (!read(part_read(self, *e.find(PartRole::state)), 0, size, text)) return false;
  const auto said = offset_in_state({text, e.state.size()});
  if (!said) return keep(bad_part(op, "a quantisation state without an offset"));
  offset = static_cast<float>(*said);
  return true;
}

}  // namespace inarch
