#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/dtype.h"

namespace inarch {

/// How values are made of what is stored, where an element is not simply a number of its dtype.
enum class Codec : std::uint8_t {
  scaled_fp8,   // FP8 numbers, a scale for each block: DeepSeek-V3 and V4, compressed-tensors
  packed_e2m1,  // two FP4 numbers a byte, a scale for each group: DeepSeek-V4, gpt-oss, NVFP4
  bnb4,         // bitsandbytes NF4 and FP4: an index into a map of 16, a scale for each block
  awq,          // AutoAWQ "gemm": I32 words of eight, interleaved along the outputs
  gptq,         // GPTQ: I32 words along the inputs
  packed_int,   // compressed-tensors "pack-quantized": I32 words along each row
};

/// What has one scale, in the words of compressed-tensors: a matrix, a row, a block.
enum class ScaleStrategy : std::uint8_t { tensor, channel, block };

/// What one of the tensors is that an encoded tensor consists of.
enum class PartRole : std::uint8_t {
  codes,
  scales,         // of blocks; what a nested encoding holds of them, for bnb4
  zeros,          // zero points, packed as the codes are
  groups,         // I32: the group of each input
  map,            // F32 [16]
  nested_scales,  // F32: scales of the scales
  nested_map,     // F32 [256]
  global_scale,   // F32: what the scales are divided by
  state,          // U8: Encoding::state, a text
  other,          // carried along, of no account for the values
};

/// Values [matrices, rows, columns] in row-major order, each one a code with the scale of its
/// block. Formats that go over rows (bnb4) are one row.
struct Encoding {
  Codec codec = Codec::scaled_fp8;
  std::int64_t matrices = 1;
  std::int64_t rows = 1;
  std::int64_t columns = 0;
  std::int64_t block_rows = 1;  // what has one scale; blocks at the edges are smaller
  std::int64_t block_columns = 1;
  DType code = DType::f8_e4m3;    // of scaled_fp8
  DType scale = DType::f32;       // what the elements of `scales` are, in whatever dtype they lie
  int bits = 4;                   // of gptq and packed_int
  bool zero_minus_one = false;    // gptq stores zero points less one
  std::int64_t nested_block = 0;  // scales that share a nested scale; 0: they are not encoded
  double nested_offset = 0;  // of what the scales of the scales give; with `state`, it is there
  bool fp4_map = false;      // what bnb4 encodes to: its FP4 in place of its NF4
  /// How scaled_fp8 is made: values are divided by the scale that is stored, as compressed-tensors
  /// does it. Else they are multiplied, and the scale that is stored is the reciprocal.
  bool divides = false;
  /// The JSON text that bnb4 keeps beside the codes, where it is written here. The nested offset,
  /// which depends on the values, has a blank in it (state_with_offset).
  std::string state;
  std::vector<PartRole> parts;  // in the order in which they are read

  std::int64_t count() const { return matrices * rows * columns; }
  std::int64_t block_count() const;
  std::optional<std::size_t> find(PartRole role) const;
  friend bool operator==(const Encoding&, const Encoding&) = default;
};

/// Elements that a part has, in the dtype it is stored as; nothing for `other`, which may have any
/// number. 0 when sizes overflow.
std::optional<std::int64_t> part_count(const Encoding& encoding, PartRole role);
/// True when a part may be stored as `dtype`.
bool part_dtype_fits(const Encoding& encoding, PartRole role, DType dtype);
/// What is wrong with the encoding's own numbers, or "".
std::string find_fault(const Encoding& encoding);

/// What is wrong with it when it is to encode, not only to decode, or "".
std::string find_encoding_fault(const Encoding& encoding);

/// What stands where the nested offset is to be in a state text.
std::string offset_blank();
/// The state with the offset in its blank: as many characters.
std::string state_with_offset(const std::string& state, double offset);
/// The offset in a state text that state_with_offset() gave; nothing when there is none.
std::optional<double> offset_in_state(std::string_view state);

std::string_view name(Codec codec);
std::string_view name(PartRole role);
std::string_view name(ScaleStrategy strategy);
std::optional<Codec> codec_named(std::string_view name);
std::optional<PartRole> part_role_named(std::string_view name);
std::optional<ScaleStrategy> scale_strategy_named(std::string_view name);
/// "fp8 128x128, scales f8_e8m0": for people.
std::string describe(const Encoding& encoding);

}  // namespace inarch
