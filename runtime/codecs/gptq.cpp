#include "runtime/codecs/gptq.h"

#include <algorithm>
#include <array>

#include "runtime/codecs/affine.h"
#include "runtime/codecs/bit_codes.h"
#include "runtime/kernels/transpose.h"

namespace inarch {

namespace {

// Words are transposed before they are spread, a tile at a time: a cache line of each row of
// words. Three divides the length, so that codes of 3 bits begin with a tile.
constexpr std::int64_t tile_rows = 16;
constexpr std::int64_t tile_words = 192;
using WordTile = std::array<std::uint32_t, tile_rows * tile_words>;
using CodeRow = std::array<unsigned char, tile_words * 32 / 2>;

AffineGroups groups_of(const GptqMatrix& matrix) {
  AffineGroups groups;
  groups.scales = matrix.scales;
  groups.group_stride = matrix.outputs;
  groups.output_stride = 1;
  groups.zeros.words = matrix.qzeros;
  groups.zeros.group_stride = matrix.outputs * matrix.bits / 32;
  groups.zeros.word_stride = 1;
  groups.zeros.bits = matrix.bits;
  groups.zeros.stored = matrix.stored;
  groups.count = matrix.groups;
  groups.size = matrix.group;
  groups.indices = matrix.g_idx;
  return groups;
}

}  // namespace

void decode_gptq(const GptqMatrix& matrix, std::int64_t first_row, std::int64_t row_count,
                 float* out) {
  const AffineGroups groups = groups_of(matrix);
  const std::int64_t words = matrix.inputs * matrix.bits / 32;
  const std::int64_t end_row = first_row + row_count;
  WordTile tile;
  CodeRow codes;
  for (std::int64_t row = first_row; row < end_row;) {
    const std::int64_t next = std::min(row + tile_rows - row % tile_rows, end_row);
    for (std::int64_t word = 0; word < words; word += tile_words) {
      const std::int64_t count = std::min(tile_words, words - word);
      const std::int64_t input = word * 32 / matrix.bits;
      const std::int64_t inputs = count * 32 / matrix.bits;
      transpose_plane(matrix.qweight + 4 * (word * matrix.outputs + row), matrix.outputs,
                      next - row, count, reinterpret_cast<unsigned char*>(tile.data()), tile_words,
                      4);
      for (std::int64_t r = row; r < next; ++r) {
        const std::uint32_t* line = tile.data() + (r - row) * tile_words;
        spread_codes(matrix.bits, reinterpret_cast<const unsigned char*>(line), inputs,
                     codes.data());
        decode_affine_groups(groups, r, codes.data(), input, inputs,
                             out + (r - first_row) * matrix.inputs + input);
      }
    }
    row = next;
  }
}

}  // namespace inarch
