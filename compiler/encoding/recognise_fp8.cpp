// FP8 with scales: DeepSeek-V3 and transformers (`X.weight_scale_inv`, F32), DeepSeek-V4 (`X.scale`,
// E8M0), compressed-tensors (`X.weight_scale`, a scale for each row or for all). A value is code ·
// scale of its block, also where the scale is called an inverse.

#include <array>

#include <fmt/format.h>

#include "compiler/encoding/recognition.h"

namespace inarch {

namespace {

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The block that gives `scales` of them along `size`: as configured, else what divides evenly.
std::optional<std::int64_t> block_of(std::int64_t size, std::int64_t scales,
                                     std::int64_t configured) {
  if (scales < 1) return std::nullopt;
  if (configured > 0 && divided_up(size, configured) == scales) return configured;
  if (scales == 1) return size;
  if (size % scales == 0) return size / scales;
  constexpr std::int64_t usual = 128;
  if (divided_up(size, usual) == scales) return usual;
  return std::nullopt;
}

}  // namespace

bool Recognition::set_blocks(Encoding& encoding, const TensorInfo& codes,
                             const TensorInfo& scales) {
  Encoding grid;  // of scales
  if (scales.elements() == 1) {
    grid.columns = 1;
  } else if (codes.shape.size() >= 2 && scales.shape.size() == 1) {
    grid.rows = scales.shape[0];  // one a row
    grid.columns = 1;
  } else {
    set_sides(grid, scales.shape);
  }
  std::array<std::int64_t, 2> configured = {0, 0};
  const Value* block = setting("weight_block_size");
  if (block != nullptr && block->if_list() != nullptr && block->if_list()->size() == 2) {
    for (std::size_t k = 0; k < 2; ++k) {
      const std::int64_t* size = (*block->if_list())[k].if_int();
      if (size != nullptr) configured[k] = *size;
    }
  }
  const auto rows = block_of(encoding.rows, grid.rows, configured[0]);
  const auto columns = block_of(encoding.columns, grid.columns, configured[1]);
  const bool one_for_all = scales.elements() == 1 && encoding.matrices == 1;
  if (!rows || !columns || (grid.matrices != encoding.matrices && !one_for_all)) {
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
    const bool scaled = method_ == "fp8" || method_ == "fbgemm_fp8";
    if (scaled && stem && codes.shape.size() == 2)
      missing(codes, found.stem + ".weight_scale_inv", "stored as FP8 with scales");
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
