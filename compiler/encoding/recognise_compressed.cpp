// compressed-tensors "pack-quantized": `X.weight_packed` I32, each row of codes in words of its
// own, `X.weight_scale` a scale for each group of a row, `X.weight_shape` what the packing rounded
// up.

#include <cstring>

#include <fmt/format.h>

#include "compiler/encoding/recognition.h"

namespace inarch {

namespace {

constexpr std::int64_t word_bits = 32;

/// How wide codes are: the first of the config's groups whose width fills the words of a row. A
/// model may have several, and which tensor is in which only its modules tell.
std::int64_t width_of_codes(const Recognition& recognition, std::int64_t columns,
                            std::int64_t words) {
  std::int64_t first = 0;
  const Value* groups = recognition.setting("config_groups");
  if (groups != nullptr && groups->if_map() != nullptr) {
    for (const auto& [name, group] : *groups->if_map()) {
      const Value* bits = group.find_path("weights.num_bits");
      if (bits == nullptr || bits->if_int() == nullptr) continue;
      const std::int64_t width = *bits->if_int();
      if (width < 1 || width > word_bits) return width;
      const std::int64_t in_word = word_bits / width;
      if ((columns - 1) / in_word + 1 == words) return width;
      if (first == 0) first = width;
    }
  }
  constexpr std::int64_t usual = 4;
  return first != 0 ? first : usual;
}

}  // namespace

std::optional<Shape> Recognition::stored_shape(const TensorInfo& tensor) {
  const bool two =
      tensor.elements() == 2 && (tensor.dtype == DType::i64 || tensor.dtype == DType::i32);
  if (!two) {
    misfit(tensor, "two whole numbers");
    return std::nullopt;
  }
  const auto text = read_(tensor);
  if (!text) {
    diagnostics_.add(text.error());
    return std::nullopt;
  }
  Shape shape;
  const std::size_t width = tensor.dtype == DType::i64 ? 8 : 4;
  for (std::size_t k = 0; k < 2 && text->size() == 2 * width; ++k) {
    std::int64_t size = 0;
    std::memcpy(&size, text->data() + k * width, width);
    shape.push_back(size);
  }
  return shape;
}

std::optional<FoundEncoding> Recognition::compressed(const TensorInfo& codes) {
  const auto stem = without_ending(codes.name, ".weight_packed");
  if (!stem) return std::nullopt;
  if (codes.dtype == DType::u8) return nvfp4(codes, *stem);
  if (codes.dtype != DType::i32 || codes.shape.size() != 2) return std::nullopt;
  const TensorInfo* scales = find(*stem + ".weight_scale");
  const TensorInfo* sizes = find(*stem + ".weight_shape");
  if (scales == nullptr || sizes == nullptr) {
    missing(codes, *stem + (scales == nullptr ? ".weight_scale" : ".weight_shape"),
            "stored as packed integers");
    return std::nullopt;
  }
  FoundEncoding found;
  const auto shape = stored_shape(*sizes);
  if (!shape) return std::nullopt;
  const bool grouped = scales->shape.size() == 2 && scales->shape[1] > 0;
  const bool sized = shape->size() == 2 && (*shape)[0] > 0 && (*shape)[1] > 0;
  const std::int64_t width = sized ? width_of_codes(*this, (*shape)[1], codes.shape[1]) : 0;
  const bool known = width == 4 || width == 8;
  if (!known || !grouped) {
    malformed(codes, fmt::format("is packed in a way that is not known ({} bits)", width));
    return std::nullopt;
  }
  found.stem = *stem;
  found.ending = ".weight";
  found.shape = *shape;
  found.encoding.codec = Codec::packed_int;
  found.encoding.bits = static_cast<int>(width);
  found.encoding.rows = (*shape)[0];
  found.encoding.columns = (*shape)[1];
  found.encoding.block_columns = (found.encoding.columns - 1) / scales->shape[1] + 1;
  found.encoding.scale = scales->dtype;
  found.dtype =
      is_arithmetic(scales->dtype) && bits(scales->dtype) == 16 ? scales->dtype : usual_dtype();
  found.add(PartRole::codes, &codes);
  found.add(PartRole::scales, scales);
  if (const TensorInfo* zeros = find(*stem + ".weight_zero_point"))
    found.add(PartRole::zeros, zeros);
  if (const TensorInfo* index = find(*stem + ".weight_g_idx")) found.add(PartRole::groups, index);
  found.add(PartRole::other, sizes);
  return finish(std::move(found));
}

}  // namespace inarch
