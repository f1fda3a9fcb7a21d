#include "runtime/codecs/packed_int.h"

#include <algorithm>
#include <array>

#include "runtime/codecs/affine.h"
#include "runtime/codecs/bit_codes.h"

namespace inarch {

namespace {

constexpr std::int64_t chunk = 2048;  // codes on the stack; whole words of any width

AffineGroups groups_of(const PackedIntMatrix& matrix) {
  AffineGroups groups;
  groups.scales = matrix.scales;
  groups.group_stride = 1;
  groups.output_stride = matrix.groups;
  groups.zeros.words = matrix.zeros;
  groups.zeros.group_stride = 1;
  groups.zeros.word_stride = matrix.groups;
  groups.zeros.bits = matrix.bits;
  // Codes and zero points are stored with the same offset, so it falls out of the difference.
  if (matrix.zeros == nullptr) groups.zeros.added = static_cast<float>(1 << (matrix.bits - 1));
  groups.count = matrix.groups;
  groups.size = matrix.group;
  groups.indices = matrix.g_idx;
  return groups;
}

}  // namespace

void decode_packed_int(const PackedIntMatrix& matrix, std::int64_t first_row,
                       std::int64_t row_count, float* out) {
  const AffineGroups groups = groups_of(matrix);
  const std::int64_t row_bytes = (matrix.inputs * matrix.bits + 31) / 32 * 4;
  std::array<unsigned char, chunk> codes;
  for (std::int64_t row = first_row; row < first_row + row_count; ++row) {
    const unsigned char* packed = matrix.packed + row * row_bytes;
    for (std::int64_t input = 0; input < matrix.inputs; input += chunk) {
      const std::int64_t count = std::min(chunk, matrix.inputs - input);
      spread_codes(matrix.bits, packed + input * matrix.bits / 8, count, codes.data());
      decode_affine_groups(groups, row, codes.data(), input, count, out);
      out += count;
    }
  }
}

}  // namespace inarch
