// Two E2M1 numbers a byte, the even one in the low half: the experts of DeepSeek-V4 (`X.weight` I8
// and `X.scale`), gpt-oss (`X_blocks` and `X_scales`), and NVFP4 of compressed-tensors
// (`X.weight_packed`, scales that are divided by `X.weight_global_scale`).

#include <fmt/format.h>

#include "compiler/encoding/recognition.h"

namespace inarch {

namespace {

constexpr std::int64_t codes_in_byte = 2;

}  // namespace

std::optional<FoundEncoding> Recognition::e2m1(const TensorInfo& codes) {
  const auto stem = without_ending(codes.name, ".weight");
  if (!stem || codes.shape.size() < 2) return std::nullopt;
  const TensorInfo* scales = find(*stem + ".scale");
  const bool exponents = scales != nullptr && scales->dtype == DType::f8_e8m0;
  if (!exponents) {
    const Value* experts = stored_.config.find("expert_dtype");
    if (experts == nullptr) experts = setting("expert_dtype");
    const bool packed = experts != nullptr && experts->if_text() != nullptr &&
                        *experts->if_text() == "fp4" && codes.dtype == DType::i8;
    if (packed) missing(codes, *stem + ".scale", "stored as FP4 with E8M0 scales");
    return std::nullopt;
  }
  FoundEncoding found;
  found.stem = *stem;
  found.ending = ".weight";
  found.shape = codes.shape;
  found.shape.back() *= codes_in_byte;
  found.dtype = usual_dtype();
  set_sides(found.encoding, found.shape);
  Shape expected = scales->shape;
  if (expected.size() == found.shape.size()) expected.back() = found.shape.back();
  const bool rows_fit = expected == found.shape && scales->shape.back() > 0;
  if (!rows_fit || found.encoding.columns % scales->shape.back() != 0) {
    misfit(*scales, fmt::format("a scale for each group in rows of {}", found.encoding.columns));
    return std::nullopt;
  }
  found.encoding.codec = Codec::packed_e2m1;
  found.encoding.scale = DType::f8_e8m0;
  found.encoding.block_columns = found.encoding.columns / scales->shape.back();
  found.add(PartRole::codes, &codes);
  found.add(PartRole::scales, scales);
  return finish(std::move(found));
}

std::optional<FoundEncoding> Recognition::e2m1_blocks(const TensorInfo& codes) {
  const auto stem = without_ending(codes.name, "_blocks");
  if (!stem || codes.shape.size() < 3) return std::nullopt;
  const TensorInfo* scales = find(*stem + "_scales");
  if (scales == nullptr) {
    if (method_ == "mxfp4") missing(codes, *stem + "_scales", "stored as MXFP4 blocks");
    return std::nullopt;
  }
  FoundEncoding found;
  found.stem = *stem;
  Shape rows(codes.shape.begin(), codes.shape.end() - 1);  // [.., out, groups]
  if (scales->shape != rows) {
    misfit(*scales, format_shape(rows));
    return std::nullopt;
  }
  const std::int64_t group = codes.shape.back() * codes_in_byte;
  rows.back() *= group;
  set_sides(found.encoding, rows);
  // The model's parameter is [experts, in, out].
  std::swap(rows[rows.size() - 1], rows[rows.size() - 2]);
  found.shape = rows;
  found.transposed = true;
  found.dtype = usual_dtype();
  found.encoding.codec = Codec::packed_e2m1;
  found.encoding.scale = DType::f8_e8m0;
  found.encoding.block_columns = group;
  found.add(PartRole::codes, &codes);
  found.add(PartRole::scales, scales);
  return finish(std::move(found));
}

std::optional<FoundEncoding> Recognition::nvfp4(const TensorInfo& codes, const std::string& stem) {
  const TensorInfo* scales = find(stem + ".weight_scale");
  const TensorInfo* global = find(stem + ".weight_global_scale");
  if (scales == nullptr || codes.shape.size() != 2) {
    missing(codes, stem + ".weight_scale", "stored as packed FP4");
    return std::nullopt;
  }
  FoundEncoding found;
  found.stem = stem;
  found.ending = ".weight";
  found.shape = {codes.shape[0], codes.shape[1] * codes_in_byte};
  found.dtype = usual_dtype();
  set_sides(found.encoding, found.shape);
  const bool fits = scales->shape.size() == 2 && scales->shape[1] > 0 &&
                    found.encoding.columns % scales->shape[1] == 0;
  if (!fits) {
    misfit(*scales, "a scale for each group of a row");
    return std::nullopt;
  }
  found.encoding.codec = Codec::packed_e2m1;
  found.encoding.scale = scales->dtype == DType::u8 ? DType::f8_e8m0 : scales->dtype;
  found.encoding.block_columns = found.encoding.columns / scales->shape[1];
  found.add(PartRole::codes, &codes);
  found.add(PartRole::scales, scales);
  if (global != nullptr) found.add(PartRole::global_scale, global);
  if (const TensorInfo* input = find(stem + ".input_global_scale"))
    found.add(PartRole::other, input);
  return finish(std::move(found));
}

}  // namespace inarch
