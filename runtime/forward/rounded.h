#pragma once

#include <bit>
#include <cstdint>

#include "compiler/core/dtype.h"
#include "runtime/forward/forward_options.h"
#include "runtime/kernels/convert.h"

namespace inarch {

/// What an operation's results become.
inline void round_as(Rounding rounding, float* values, std::int64_t n) {
  if (rounding == Rounding::bf16) round_to(DType::bf16, values, n);
}

/// The same of one value: to nearest, ties to even.
inline float rounded_as(Rounding rounding, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (rounding == Rounding::f32 || (bits & 0x7fffffffU) > 0x7f800000U) return value;
  const std::uint32_t odd = (bits >> 16) & 1U;
  return std::bit_cast<float>((bits + 0x7fffU + odd) & 0xffff0000U);
}

}  // namespace inarch
