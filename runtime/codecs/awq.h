#pragma once

#include <cstdint>

namespace inarch {

/// AWQ in AutoAWQ's GEMM layout, 4 bits. `inputs` is a multiple of `group`, `outputs` of 8.
/// Words are little-endian, at any address: word c of a row holds in its bits 4i the code of
/// output 8c + [0, 2, 4, 6, 1, 3, 5, 7][i].
struct AwqMatrix {
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  std::int64_t group = 0;                  // inputs that share a scale and a zero point
  const unsigned char* qweight = nullptr;  // I32 [inputs, outputs / 8]
  const unsigned char* qzeros = nullptr;   // I32 [inputs / group, outputs / 8]
  const float* scales = nullptr;           // [inputs / group, outputs]: the file's F16, widened
};

/// Rows [first_row, first_row + row_count) of the matrix as a Linear has it, [outputs, inputs]:
/// out[r, i] = (code − zero) · scale in f32. With scales that were F16 the product has at most 16
/// digits and is exact; AutoAWQ multiplies in F16, which is this rounded to F16. Fastest with 128
/// rows and more, from a multiple of 128 on.
void decode_awq(const AwqMatrix& matrix, std::int64_t first_row, std::int64_t row_count,
                float* out);

}  // namespace inarch
