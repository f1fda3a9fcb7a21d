#pragma once

#include <cstdint>

namespace inarch {

/// compressed-tensors' "pack-quantized": signed codes of 2, 3, 4 or 8 bits, stored plus 2^(bits−1),
/// packed along the inputs, the lowest bits first and without gaps; each row begins with a word.
/// Words are little-endian, at any address.
struct PackedIntMatrix {
  int bits = 0;
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  std::int64_t groups = 0;                // of each row
  std::int64_t group = 0;                 // inputs in a group; only used without g_idx
  const unsigned char* packed = nullptr;  // I32 [outputs, ceil(inputs · bits / 32)]
  const float* scales = nullptr;          // [outputs, groups], widened to f32
  /// Asymmetric codes have zero points, packed along the outputs in the same way:
  /// I32 [ceil(outputs · bits / 32), groups].
  const unsigned char* zeros = nullptr;
  const std::int32_t* g_idx = nullptr;  // [inputs], each from 0 to groups − 1, or none
};

/// Rows [first_row, first_row + row_count) of [outputs, inputs]: out = (code − zero) · scale in
/// f32. The library multiplies in the dtype of the scales, which is this rounded to that dtype:
/// the difference is exact there, and here the product too, but with scales that were f32.
void decode_packed_int(const PackedIntMatrix& matrix, std::int64_t first_row,
                       std::int64_t row_count, float* out);

}  // namespace inarch
