#include "runtime/codecs/awq.h"

#include <algorithm>
#include <array>

#include "runtime/codecs/affine.h"
#include "runtime/kernels/bytes.h"
#include "runtime/kernels/transpose.h"

namespace inarch {

namespace {

// Words are transposed before they are decoded, a tile at a time: a cache line of each row of
// words, 16 KiB in all.
constexpr std::int64_t tile_words = 16;
constexpr std::int64_t tile_inputs = 256;
using Tile = std::array<std::uint32_t, tile_words * tile_inputs>;

// Where a word has the code of its outputs 0 to 7.
constexpr std::array<int, 8> shifts = {0, 16, 4, 20, 8, 24, 12, 28};

// Inputs [first, first + n) of one output, of which `words` are the words.
void decode_row(const AwqMatrix& matrix, std::int64_t output, const std::uint32_t* words,
                std::int64_t first, std::int64_t n, float* out) {
  const int shift = shifts[static_cast<std::size_t>(output % 8)];
  for (std::int64_t done = 0; done < n;) {
    const std::int64_t group = (first + done) / matrix.group;
    const std::int64_t run = std::min((group + 1) * matrix.group - first, n) - done;
    const auto zeros =
        load<std::uint32_t>(matrix.qzeros + 4 * (group * (matrix.outputs / 8) + output / 8));
    const auto zero = static_cast<std::int32_t>(zeros >> shift & 15U);
    decode_affine_nibbles(words + done, run, shift, static_cast<float>(zero),
                          matrix.scales[group * matrix.outputs + output], out + done);
    done += run;
  }
}

}  // namespace

void decode_awq(const AwqMatrix& matrix, std::int64_t first_row, std::int64_t row_count,
                float* out) {
  const std::int64_t row_words = matrix.outputs / 8;
  const std::int64_t end_row = first_row + row_count;
  Tile tile;
  for (std::int64_t word = first_row / 8; 8 * word < end_row;) {
    const std::int64_t next = std::min(word + tile_words - word % tile_words, (end_row + 7) / 8);
    for (std::int64_t input = 0; input < matrix.inputs; input += tile_inputs) {
      const std::int64_t count = std::min(tile_inputs, matrix.inputs - input);
      transpose_plane(matrix.qweight + 4 * (input * row_words + word), row_words, next - word,
                      count, reinterpret_cast<unsigned char*>(tile.data()), tile_inputs, 4);
      const std::int64_t last = std::min(8 * next, end_row);
      for (std::int64_t row = std::max(8 * word, first_row); row < last; ++row) {
        decode_row(matrix, row, tile.data() + (row / 8 - word) * tile_inputs, input, count,
                   out + (row - first_row) * matrix.inputs + input);
      }
    }
    word = next;
  }
}

}  // namespace inarch
