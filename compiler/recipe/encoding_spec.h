#pragma once

#include <cstdint>
#include <optional>

#include "compiler/core/encoding.h"
#include "compiler/recipe/expression.h"
#include "compiler/recipe/yaml_tree.h"

namespace inarch {

enum class EncodingKind : std::uint8_t {
  none,   // numbers of the dtype
  fp8,    // E4M3 in blocks with a scale each: DeepSeek-V3 and V4, compressed-tensors
  mxfp4,  // E2M1 in groups of 32 along rows, E8M0 scales: the experts of DeepSeek-V4
  nf4,    // bitsandbytes
  fp4,    // bitsandbytes
};

/// What `encode` of a rule or an output asks for.
struct EncodingSpec {
  EncodingKind kind = EncodingKind::none;
  std::int64_t block_rows = 1;  // what has one scale
  std::int64_t block_columns = 1;
  std::optional<DType> scales = DType::f32;  // of fp8; nothing: the dtype of the values
  bool nested = false;                       // of nf4 and fp4: scales are encoded themselves
  /// Of fp8 as compressed-tensors stores it, where blocks are those of `block` alone. Nothing: as
  /// DeepSeek does.
  std::optional<ScaleStrategy> strategy = std::nullopt;
};

inline constexpr std::int64_t mxfp4_group = 32;
inline constexpr std::int64_t bnb_nested_block = 256;

/// Evaluates `encode: KIND` or `encode: { KIND: { … } }`. E170 when it makes no sense.
std::optional<EncodingSpec> bind_encoding(const YamlNode& node, const Scope& scope,
                                          Diagnostics& diagnostics);

}  // namespace inarch
