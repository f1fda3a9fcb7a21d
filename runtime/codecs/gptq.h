#pragma once

#include <cstdint>

#include "runtime/codecs/affine.h"

namespace inarch {

/// GPTQ (AutoGPTQ, GPTQModel) with 2, 3, 4 or 8 bits. Codes lie along the inputs, zero points along
/// the outputs, the lowest bits first; with 3 bits they run on from word to word. Words are
/// little-endian, at any address. inputs · bits and outputs · bits are multiples of 32.
struct GptqMatrix {
  int bits = 0;
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  std::int64_t groups = 0;
  std::int64_t group = 0;                  // inputs in a group; only used without g_idx
  const unsigned char* qweight = nullptr;  // I32 [inputs · bits / 32, outputs]
  const unsigned char* qzeros = nullptr;   // I32 [groups, outputs · bits / 32]
  const float* scales = nullptr;           // [groups, outputs]: the file's F16, widened
  const std::int32_t* g_idx = nullptr;     // [inputs], each from 0 to groups − 1, or none
  /// Format "gptq" (v1) stores zero points less one, "gptq_v2" as they are. Only with 3 bits does
  /// it matter who wrote v1: `meta.quantizer` of the configuration names GPTQModel.
  StoredZeros stored = StoredZeros::less_one;
};

/// Rows [first_row, first_row + row_count) of the matrix as a Linear has it, [outputs, inputs]:
/// out[r, i] = (code − zero) · scale in f32, exact with scales that were F16; the libraries
/// multiply in F16, which is this rounded to F16. Fastest with 16 rows and more, from a multiple
/// of 16 on.
void decode_gptq(const GptqMatrix& matrix, std::int64_t first_row, std::int64_t row_count,
                 float* out);

}  // namespace inarch
