#pragma once

#include <cstdint>

#include "compiler/core/dtype.h"

namespace inarch {

/// Conversions between stored elements and f32 or f64, for the types of is_arithmetic(). `n` counts
/// elements; stored bytes are little-endian and need no alignment; source and target do not
/// overlap.
///
/// Decoding is exact, but for f64 into float. Rounding happens once, to nearest with ties to even,
/// subnormals included, also from f64 to a type narrower than f32. What is too large becomes
/// infinity; f8_e4m3 (the "FN" variant, which has no infinity) saturates at ±448, infinities
/// included: the saturating conversion of OCP OFP8 1.0, and what torch does from 2.12 on. A NaN
/// stays one: sign and leading payload bits are kept where the type has them, and a change of width
/// makes it quiet. All processors yield the same bits.
void decode(DType dtype, const void* source, std::int64_t n, float* target);
void decode(DType dtype, const void* source, std::int64_t n, double* target);
void encode(DType dtype, const float* source, std::int64_t n, void* target);
void encode(DType dtype, const double* source, std::int64_t n, void* target);

/// Replaces every value by the nearest one that `dtype` holds: encode, then decode.
void round_to(DType dtype, float* values, std::int64_t n);
void round_to(DType dtype, double* values, std::int64_t n);

}  // namespace inarch
