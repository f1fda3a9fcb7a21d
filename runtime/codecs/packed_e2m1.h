#pragma once

#include <cstdint>

namespace inarch {

/// E2M1 codes, two a byte, the low half first, in flat groups of `group` elements with one scale
/// each: DeepSeek V4's FP4 experts (stored as I8, E8M0 scales, groups of 32), the `_blocks` of
/// gpt-oss (MXFP4, groups of 32), and compressed-tensors' MXFP4 and NVFP4 (groups of 16). A code
/// is a sign (bit 3) and one of 0, 0.5, 1, 1.5, 2, 3, 4, 6. Rows must be whole groups.
///
/// Scales are f32: those of NVFP4 are scale / global_scale, one division in f32, as
/// compressed-tensors computes them before it multiplies.

/// out = code · scale, rounded once, for the flat elements of [begin, begin + n). `packed` points
/// at the byte of element `begin`, which may be odd, `scales` at the scale of its group. A NaN
/// scale makes 0x7fc00000. Equal to transformers' MXFP4 decoder, which casts to bf16, after that
/// cast.
void decode_e2m1(const unsigned char* packed, const float* scales, std::int64_t group,
                 std::int64_t begin, std::int64_t n, float* out);

/// The largest |x| of each group of values that begin with a whole group; the last may be short.
/// NaN if the group has one.
void group_magnitudes(const float* values, std::int64_t group, std::int64_t n, float* magnitudes);

/// The smallest power of two at which the group's largest value does not saturate, from 2^-126 on:
/// 2^ceil(log2(magnitude / 6)), as DeepSeek's kernels choose it. 1 for zeros; NaN for a magnitude
/// that is NaN or infinite.
float e2m1_scale(float magnitude);

/// The scale of OCP MX 1.0, section 6.3: 2^(floor(log2(magnitude)) − 2), from 2^-127 on, at which
/// values above 6 scales saturate. The rest as above.
float e2m1_scale_ocp(float magnitude);

/// The codes nearest to value / scale, the quotient in f32, ties to even codes, saturating at ±6.
/// Zero keeps its sign. NaN, which has no code, becomes 6: look at the magnitudes first. `values`
/// begin with a whole group; an odd n leaves the high half of the last byte zero.
void encode_e2m1(const float* values, const float* scales, std::int64_t group, std::int64_t n,
                 unsigned char* packed);

}  // namespace inarch
