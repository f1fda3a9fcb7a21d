#pragma once

#include <cstdint>

#include "compiler/core/dtype.h"

namespace inarch {

/// How a stack of matrices [matrices, rows, columns] is divided into blocks, each with one number
/// in a grid [matrices, ceil(rows / block_rows), ceil(columns / block_columns)]; blocks at the
/// edges are short. All are positive. One scale a row is a block of 1 × columns, one scale a
/// matrix a block of rows × columns.
struct BlockGrid {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t block_rows = 0;
  std::int64_t block_columns = 0;

  std::int64_t row_blocks() const { return (rows + block_rows - 1) / block_rows; }
  std::int64_t column_blocks() const { return (columns + block_columns - 1) / block_columns; }
};

/// FP8 with scales, as in DeepSeek V3 (`weight_scale_inv`, which multiplies all the same), V4,
/// transformers' FineGrainedFP8 and compressed-tensors. `code` is f8_e4m3 or f8_e5m2. Elements are
/// addressed by their place in the flat row-major stack: the functions do those of [begin, begin +
/// n), `codes` and `values` point at element `begin`, and the grids are whole.

/// out = code · scale, rounded once to f32. NaN is 0x7fc00000, wherever it comes from.
void decode_scaled_fp8(DType code, const BlockGrid& grid, const unsigned char* codes,
                       const float* scales, std::int64_t begin, std::int64_t n, float* out);

/// Raises each block's magnitude to the largest |x| among the values; start from zeros. A NaN
/// makes it NaN for good, so that NaN and infinity can be seen before anything is encoded.
void block_magnitudes(const BlockGrid& grid, const float* values, std::int64_t begin,
                      std::int64_t n, float* magnitudes);

/// What the values of a block are multiplied by to fill the range of `code`: (1 / magnitude) ·
/// largest, both rounded to f32; 1 for a block of zeros; at most 2^127, so that zeros stay zeros;
/// NaN for a magnitude that is NaN or infinite. The scale to store is 1 / multiplier in f32. These
/// are the numbers of transformers 5.23 (Fp8Quantize), which differ only in blocks that are not
/// finite or all below 2.7e-36.
float fp8_multiplier(DType code, float magnitude);

/// The scale where scales are powers of two (scale_fmt ue8m0): the smallest that keeps the block
/// within the range of `code`, from 2^-126 on; 1 for zeros; NaN for a magnitude that is NaN or
/// infinite. The multiplier is its reciprocal, which is exact. As DeepSeek's kernels choose it;
/// transformers takes a logarithm rounded to f32, and can come to half the scale, with the largest
/// values saturated, where the magnitude is within 1e-5 of 448 times a power of two.
float fp8_power_of_two_scale(DType code, float magnitude);

/// The scale as compressed-tensors stores it, in f32, bf16 or f16: magnitude / 448, rounded to f32
/// and then to `stored`. Where that is zero, the distance from 1 to the next number of `stored`
/// (2^-23, 2^-7, 2^-10), so that nothing is divided by zero. NaN for a magnitude that is NaN or
/// infinite; infinite beyond the range of f16. The numbers of compressed-tensors 0.20
/// (calculate_qparams) for weights of the dtype of the scales.
float fp8_dividing_scale(DType stored, float magnitude);

/// The f8_e4m3 code nearest to value / scale (the quotient in f32; then to nearest, ties to even),
/// saturating. As the kernel of compressed-tensors for GPUs has it. On a CPU it rounds to the dtype
/// of the weights first: of those in bf16, some land halfway between two codes, and on the other.
/// Scales are finite and not zero.
void encode_divided_fp8(const BlockGrid& grid, const float* scales, std::int64_t begin,
                        std::int64_t n, const float* values, unsigned char* codes);

/// The code nearest to value · multiplier (the product in f32; then to nearest, ties to even),
/// saturating, infinities included. NaN stays NaN.
void encode_scaled_fp8(DType code, const BlockGrid& grid, const float* multipliers,
                       std::int64_t begin, std::int64_t n, const float* values,
                       unsigned char* codes);

}  // namespace inarch
