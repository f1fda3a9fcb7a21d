// FP8 with scales: DeepSeek-V3 and transformers (`X.weight_scale_inv`, F32), DeepSeek-V4
// (`X.scale`, E8M0), compressed-tensors (`X.weight_scale`, a scale for each row or for all). A
// value is code · scale of its block, also where the scale is called an inverse.

#include <array>

#include <fmt/format.h>

#include "compiler/encoding/recognition.h"

namespace inarch {

namespace {

/// The block that gives `scales` of them along `size`: the configured one and no other, where there
/// is one; else the usual one, else a power of two that divides evenly. Several sizes of blocks may
/// give as many scales, and what divides evenly (288 rows, 3 scales) need not be what was meant.
std::optional<std::int64_t> block_of(std::int64_t size, std::int64_t scales,
                                     std::int64_t configured) {
  constexpr std::int64_t usual = 128, least = 16;
  if (scales < 1) return std::nullopt;
  const std::int64_t block = configured > 0 ? configured : usual;
  if (divided_up(size, block) == scales) return block;
  if (configured > 0 || size % scales != 0) return std::nullopt;
  const std::int64_t even = size / scales;
  return even >= least && (even & (even - 1)) == 0 ? std::optional(even) : std::nullopt;
}

/// What the config says of blocks: DeepSeek's weight_block_size, or the block_structure of the
/// first group that compressed-tensors has.
const Value* configured_block(const Recognition& recognition) {
  if (const Value* block = recognition.setting("weight_block_size")) return block;
  const Value* groups = recognition.setting("config_groups");
  if (groups == nullptr || groups->if_map() == nullptr) return nullptr;
  for (const auto& [name, group] : *groups->if_map()) {
    if (const Value* block = group.find_path("weights.block_structure")) return block;
  }
  return nullptr;
}

}  // namespace

bool Recognition::set_blocks(Encoding& encoding, const TensorInfo& codes,
                             const TensorInfo& scales) {
  if (scales.elements() == 1 && encoding.matrices == 1) {
    encoding.block_rows = encoding.rows;
    encoding.block_columns = encoding.columns;
    return true;
  }
  Encoding grid;  // of scales
  const bool row_vector = codes.shape.size() == 2 && scales.shape.size() == 1;
  set_sides(grid, row_vector ? Shape{scales.shape[0], 1} : scales.shape);
  if (grid.matrices == encoding.matrices && grid.columns == 1 &&
      (grid.rows == 1 || grid.rows == encoding.rows)) {
    encoding.block_rows = grid.rows == 1 ? encoding.rows : 1;
    encoding.block_columns = encoding.columns;
    return true;
  }
  std::array<std::int64_t, 2> configured = {0, 0};
  const Value* block = configured_block(*this);
  if (block != nullptr && block->if_list() != nullptr && block->if_list()->size() == 2) {
    for (std::size_t k = 0; k < 2; ++k) {
      const std::int64_t* size = (*block->if_list())[k].if_int();
      if (size != nullptr) configured[k] = *size;
    }
  }
  const auto rows = block_of(encoding.rows, grid.rows, configured[0]);
  const auto columns = block_of(encoding.columns, grid.columns, configured[1]);
  if (!rows || !columns || row_vector || grid.matrices != encoding.matrices) {
    misfit(scales, fmt::format("a scale for each block of {}", format_shape(codes.shape)));
    return false;
  }
  encoding.block_rows = *rows;
  encoding.block_columns = *columns;
  return true;
}

std::optional<FoundEncoding> Recognition::fp8(const TensorInfo& codes) {
  FoundEncoding found;
  const auto stem = without_ending(codes.name, ".weight");
  found.stem = stem.value_or(codes.name);
  found.ending = stem ? ".weight" : "";
  const TensorInfo* scales = find(codes.name + "_scale_inv");
  if (scales == nullptr) scales = find(found.stem + (stem ? ".scale" : "_scale"));
  if (scales == nullptr) scales = find(codes.name + "_scale");
  if (scales == nullptr) {
    const bool inverse = method_ == "fp8";
    const bool scaled = inverse || method_ == "fbgemm_fp8" || method_ == "compressed-tensors";
    if (scaled && stem && codes.shape.size() == 2)
      missing(codes, found.stem + (inverse ? ".weight_scale_inv" : ".weight_scale"),
              "stored as FP8 with scales");
    return std::nullopt;
  }
  if (codes.elements() == 0 || !set_sides(found.encoding, codes.shape)) return std::nullopt;
  found.shape = codes.shape;
  found.dtype = usual_dtype();
  found.encoding.codec = Codec::scaled_fp8;
  found.encoding.code = codes.dtype;
  found.encoding.scale = scales->dtype == DType::u8 ? DType::f8_e8m0 : scales->dtype;
  if (!is_arithmetic(found.encoding.scale) && found.encoding.scale != DType::f8_e8m0) {
    misfit(*scales, "numbers");
    return std::nullopt;
  }
  if (!set_blocks(found.encoding, codes, *scales)) return std::nullopt;
  found.add(PartRole::codes, &codes);
  found.add(PartRole::scales, scales);
  for (const char* name : {".input_scale", ".activation_scale", ".weight_zero_point"}) {
    if (const TensorInfo* other = find(found.stem + name)) found.add(PartRole::other, other);
  }
  return finish(std::move(found));
}

}  // namespace inarch
