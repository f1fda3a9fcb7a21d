// AWQ and GPTQ: `X.qweight`, `X.qzeros` and `X.scales`. Both lie [in, out]; AWQ packs along the
// outputs, GPTQ along the inputs.

#include <fmt/format.h>

#include "compiler/encoding/recognition.h"
#include "compiler/support/sizes.h"

namespace inarch {

namespace {

constexpr std::int64_t code_word_bits = 32;

}  // namespace

bool Recognition::awq(FoundEncoding& found, const TensorInfo& codes, const TensorInfo& scales) {
  const Value* version = setting("version");
  if (version != nullptr && version->if_text() != nullptr && *version->if_text() != "gemm" &&
      *version->if_text() != "GEMM") {
    malformed(codes,
              fmt::format("is in the AWQ form '{}', only 'gemm' is known", *version->if_text()));
    return false;
  }
  found.encoding.codec = Codec::awq;
  found.encoding.bits = 4;
  found.encoding.rows = scales.shape[1];
  found.encoding.columns = codes.shape[0];
  return true;
}

bool Recognition::gptq(FoundEncoding& found, const TensorInfo& codes, const TensorInfo& scales) {
  const std::int64_t width = number("bits", 4);
  found.encoding.codec = Codec::gptq;
  found.encoding.bits = static_cast<int>(width == 2 || width == 4 || width == 8 ? width : 0);
  if (found.encoding.bits == 0) {
    malformed(codes, fmt::format("has codes of {} bits, only 2, 4 and 8 are known", width));
    return false;
  }
  found.encoding.rows = scales.shape[1];
  found.encoding.columns = codes.shape[0] * (code_word_bits / width);
  const Value* format = setting("checkpoint_format");
  const bool second =
      format != nullptr && format->if_text() != nullptr && *format->if_text() == "gptq_v2";
  found.encoding.zero_minus_one = !second;
  return true;
}

std::optional<FoundEncoding> Recognition::packed_words(const TensorInfo& codes) {
  const auto stem = without_ending(codes.name, ".qweight");
  if (!stem || codes.shape.size() != 2) return std::nullopt;
  const TensorInfo* scales = find(*stem + ".scales");
  const TensorInfo* zeros = find(*stem + ".qzeros");
  if (scales == nullptr || zeros == nullptr) {
    missing(codes, *stem + (scales == nullptr ? ".scales" : ".qzeros"), "stored as packed words");
    return std::nullopt;
  }
  if (scales->shape.size() != 2 || scales->shape[0] < 1 || !is_arithmetic(scales->dtype)) {
    misfit(*scales, "a scale for each group and output");
    return std::nullopt;
  }
  FoundEncoding found;
  found.stem = *stem;
  found.ending = ".weight";
  const bool along_inputs = codes.shape[1] == scales->shape[1];
  if (!(along_inputs ? gptq(found, codes, *scales) : awq(found, codes, *scales)))
    return std::nullopt;
  found.shape = {found.encoding.rows, found.encoding.columns};
  found.dtype = scales->dtype;
  found.encoding.scale = scales->dtype;
  const std::int64_t groups = scales->shape[0];
  const std::int64_t group = number("group_size", number("q_group_size", 0));
  if (group > 0 && (found.encoding.columns + group - 1) / group != groups) {
    misfit(*scales, fmt::format("a scale for each group of {} of {} inputs", group,
                                format_count(found.encoding.columns)));
    return std::nullopt;
  }
  found.encoding.block_columns = (found.encoding.columns + groups - 1) / groups;
  found.add(PartRole::codes, &codes);
  found.add(PartRole::scales, scales);
  found.add(PartRole::zeros, zeros);
  const TensorInfo* index = find(*stem + ".g_idx");
  if (index != nullptr) found.add(along_inputs ? PartRole::groups : PartRole::other, index);
  return finish(std::move(found));
}

}  // namespace inarch
