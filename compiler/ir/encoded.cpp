#include "compiler/ir/encoded.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace inarch {

namespace {

std::string_view bnb_name(EncodingKind kind) { return kind == EncodingKind::nf4 ? "nf4" : "fp4"; }

std::string_view torch_dtype(DType dtype) {
  if (dtype == DType::bf16) return "bfloat16";
  return dtype == DType::f16 ? "float16" : "float32";
}

/// What bitsandbytes keeps beside the codes.
std::string bnb_state(const EncodingSpec& spec, const ToEncode& tensor) {
  std::string text =
      fmt::format(R"({{"quant_type": "{}", "blocksize": {}, "dtype": "{}", "shape": [{}, {}])",
                  bnb_name(spec.kind), spec.block_columns, torch_dtype(tensor.dtype),
                  tensor.shape[0], tensor.shape[1]);
  if (spec.nested) {
    text += fmt::format(R"(, "nested_blocksize": {}, "nested_dtype": "float32", {})",
                        bnb_nested_block, offset_blank());
  }
  return text + "}";
}

/// Rows and columns that have one scale.
std::pair<std::int64_t, std::int64_t> fp8_block(const EncodingSpec& spec, const Shape& shape) {
  if (!spec.strategy || spec.strategy == ScaleStrategy::block)
    return {spec.block_rows, spec.block_columns};
  return {spec.strategy == ScaleStrategy::tensor ? shape[0] : 1, shape[1]};
}

Encoding scaled_fp8(const EncodingSpec& spec, const ToEncode& tensor) {
  Encoding e;
  e.codec = Codec::scaled_fp8;
  e.rows = tensor.shape[0];
  e.columns = tensor.shape[1];
  const auto [block_rows, block_columns] = fp8_block(spec, tensor.shape);
  e.block_rows = block_rows;
  e.block_columns = block_columns;
  e.scale = spec.scales.value_or(tensor.dtype);
  e.divides = spec.strategy.has_value();
  e.parts = {PartRole::codes, PartRole::scales};
  return e;
}

Encoding mxfp4(const Shape& shape) {
  Encoding e;
  e.codec = Codec::packed_e2m1;
  e.rows = shape[0];
  e.columns = shape[1];
  e.block_columns = mxfp4_group;
  e.scale = DType::f8_e8m0;
  e.parts = {PartRole::codes, PartRole::scales};
  return e;
}

Encoding bnb4(const EncodingSpec& spec, const ToEncode& tensor) {
  Encoding e;
  e.codec = Codec::bnb4;
  e.columns = numel(tensor.shape);  // blocks go over the ends of rows
  e.block_columns = spec.block_columns;
  e.fp4_map = spec.kind == EncodingKind::fp4;
  e.state = bnb_state(spec, tensor);
  e.parts = {PartRole::codes, PartRole::scales, PartRole::map};
  if (spec.nested) {
    e.nested_block = bnb_nested_block;
    e.parts.push_back(PartRole::nested_scales);
    e.parts.push_back(PartRole::nested_map);
  }
  e.parts.push_back(PartRole::state);
  return e;
}

Encoding encoding_of(const EncodingSpec& spec, const ToEncode& tensor) {
  if (spec.kind == EncodingKind::fp8) return scaled_fp8(spec, tensor);
  return spec.kind == EncodingKind::mxfp4 ? mxfp4(tensor.shape) : bnb4(spec, tensor);
}

/// How the part of FP8 scales ends.
std::string_view fp8_scales_ending(const EncodingSpec& spec) {
  if (spec.strategy) return ".weight_scale";
  return spec.scales == DType::f32 ? ".weight_scale_inv" : ".scale";
}

/// A grid of them; of a matrix that has one, compressed-tensors keeps a list of one.
Shape fp8_scales_shape(const EncodingSpec& spec, const Shape& shape) {
  if (spec.strategy == ScaleStrategy::tensor) return {1};
  const auto [rows, columns] = fp8_block(spec, shape);
  return {divided_up(shape[0], rows), divided_up(shape[1], columns)};
}

/// Endings, dtypes and shapes of the parts, in the order of encoding.parts.
std::vector<Storage::Part> parts_of_matrix(const EncodingSpec& spec, const ToEncode& tensor) {
  const Shape& shape = tensor.shape;
  const std::int64_t rows = shape[0], columns = shape[1];
  if (spec.kind == EncodingKind::mxfp4) {
    return {{".weight", DType::i8, {rows, columns / 2}, 0},
            {".scale", DType::f8_e8m0, {rows, columns / mxfp4_group}, 0}};
  }
  return {{".weight", DType::f8_e4m3, shape, 0},
          {std::string(fp8_scales_ending(spec)), spec.scales.value_or(tensor.dtype),
           fp8_scales_shape(spec, shape), 0}};
}

std::vector<Storage::Part> parts_of_bnb(const EncodingSpec& spec, const Encoding& e) {
  const auto size = [&](PartRole role) { return Shape{*part_count(e, role)}; };
  std::vector<Storage::Part> parts = {
      {"", DType::u8, {*part_count(e, PartRole::codes), 1}, 0},
      {".absmax", spec.nested ? DType::u8 : DType::f32, size(PartRole::scales), 0},
      {".quant_map", DType::f32, size(PartRole::map), 0}};
  if (spec.nested) {
    parts.push_back({".nested_absmax", DType::f32, size(PartRole::nested_scales), 0});
    parts.push_back({".nested_quant_map", DType::f32, size(PartRole::nested_map), 0});
  }
  parts.push_back({fmt::format(".quant_state.bitsandbytes__{}", bnb_name(spec.kind)), DType::u8,
                   size(PartRole::state), 0});
  return parts;
}

bool is_bnb_kind(EncodingKind kind) {
  return kind == EncodingKind::nf4 || kind == EncodingKind::fp4;
}

/// Loaders of compressed-tensors expect a scale for each matrix, row or block to have one shape
/// each. Where the recipe leaves the dtype of scales open, what they have is as good as another.
bool is_stored_as_fp8(const EncodedTensor& tensor, const EncodingSpec& spec) {
  const Encoding& e = *tensor.encoding;
  const TensorInfo& scales = tensor.parts[*e.find(PartRole::scales)];
  const Shape shape = {e.rows, e.columns};
  const auto [rows, columns] = fp8_block(spec, shape);
  const bool blocks = std::min(e.block_rows, e.rows) == std::min(rows, e.rows) &&
                      std::min(e.block_columns, e.columns) == std::min(columns, e.columns);
  const bool shaped = !spec.strategy || scales.shape == fp8_scales_shape(spec, shape);
  return e.codec == Codec::scaled_fp8 && e.code == DType::f8_e4m3 && blocks && shaped &&
         scales.dtype == spec.scales.value_or(scales.dtype) &&
         scales.name.ends_with(fp8_scales_ending(spec));
}

}  // namespace

bool can_encode(const EncodingSpec& spec, const Shape& shape) {
  return spec.kind != EncodingKind::mxfp4 || shape[1] % mxfp4_group == 0;
}

Storage add_encoded(Graph& graph, const EncodingSpec& spec, const ToEncode& tensor) {
  const bool bnb = is_bnb_kind(spec.kind);
  const auto encoding = std::make_shared<const Encoding>(encoding_of(spec, tensor));
  Storage storage;
  storage.encoding = encoding;
  storage.ending = bnb ? "" : ".weight";
  storage.strategy = spec.strategy;
  storage.parts = bnb ? parts_of_bnb(spec, *encoding) : parts_of_matrix(spec, tensor);
  for (std::size_t k = 0; k < storage.parts.size(); ++k) {
    Storage::Part& part = storage.parts[k];
    Node node;
    node.data = EncodeOp{encoding, encoding->parts[k], tensor.name};
    node.inputs = {tensor.values};
    node.dtype = part.dtype;
    node.shape = part.shape;
    node.origin = tensor.origin;
    part.node = graph.add(std::move(node));
  }
  return storage;
}

bool is_stored_as(const EncodedTensor& tensor, const EncodingSpec& spec) {
  const Encoding& e = *tensor.encoding;
  const TensorInfo& scales = tensor.parts[*e.find(PartRole::scales)];
  const TensorInfo& codes = tensor.parts[*e.find(PartRole::codes)];
  if (e.matrices != 1 || tensor.transposed) return false;
  if (spec.kind == EncodingKind::fp8) return is_stored_as_fp8(tensor, spec);
  if (spec.kind == EncodingKind::mxfp4) {
    return e.codec == Codec::packed_e2m1 && codes.dtype == DType::i8 &&
           e.block_columns == mxfp4_group && scales.dtype == DType::f8_e8m0;
  }
  const std::string state = fmt::format("bitsandbytes__{}", bnb_name(spec.kind));
  const std::int64_t nested = spec.nested ? bnb_nested_block : 0;
  return e.codec == Codec::bnb4 && e.block_columns == spec.block_columns &&
         e.nested_block == nested && tensor.parts.back().name.ends_with(state);
}

}  // namespace inarch
