#pragma once

#include <cstdint>

namespace inarch {

/// E8M0, the scales of OCP MX 1.0: one byte b is 2^(b−127), 255 is NaN. 2^-127 is a subnormal f32,
/// and exact. `n` counts elements.
void decode_e8m0(const unsigned char* codes, std::int64_t n, float* out);

/// The codes of values that are powers of two or NaN. Whatever else there is becomes NaN, and the
/// answer is false.
bool encode_e8m0(const float* values, std::int64_t n, unsigned char* codes);

}  // namespace inarch
