#include "runtime/codecs/packed_int.h"

#include "runtime/codecs/bit_codes.h"
#include "tests/unit/codecs/codec_data.h"

namespace inarch::packed_int_test {
namespace {

TEST(BitCodes, SpreadsAnyNumber) {
  for (const int bits : {2, 3, 4, 8}) {
    const Bytes packed = random_bytes(300, 1);
    for (std::int64_t n = 0; n <= 2400 / bits; n += n < 80 ? 1 : 77) {
      Bytes codes(at((n + 7) / 8 * 8) + 1, 0xaa);
      spread_codes(bits, packed.data(), n, codes.data());
      ASSERT_EQ(codes.back(), 0xaa);
      for (std::int64_t i = 0; i < n; ++i) {
        ASSERT_EQ(codes[at(i)], packed_code(packed, 0, i, bits)) << bits << " " << i;
      }
    }
  }
}

struct Case {
  int bits;
  std::int64_t inputs, outputs, groups;
};
// Rows that end within a word, rows of several chunks, one group a row.
const Case cases[] = {
    {4, 100, 13, 5}, {8, 90, 7, 1}, {4, 4224, 5, 33}, {2, 70, 20, 7}, {3, 2080, 11, 5}};

TEST(PackedInt, DecodesAnyRows) {
  for (const Case& c : cases) {
    const std::int64_t row_bytes = (c.inputs * c.bits + 31) / 32 * 4;
    const Bytes words = random_bytes(c.outputs * row_bytes, 1);
    const Bytes zeros = random_bytes((c.outputs * c.bits + 31) / 32 * 4 * c.groups, 2);
    const Floats scales = random_scales(c.outputs * c.groups, 3);
    std::vector<std::int32_t> indices;
    for (std::int64_t i = 0; i < c.inputs; ++i) {
      indices.push_back(static_cast<std::int32_t>(i * 17 % c.groups));
    }
    for (const int variant : {0, 1, 2, 3}) {
      const bool asymmetric = variant % 2 == 1;
      PackedIntMatrix matrix{c.bits, c.inputs, c.outputs, c.groups, c.inputs / c.groups};
      matrix.packed = words.data();
      matrix.scales = scales.data();
      if (asymmetric) matrix.zeros = zeros.data();
      if (variant >= 2) matrix.g_idx = indices.data();
      Floats want;
      for (std::int64_t output = 0; output < c.outputs; ++output) {
        for (std::int64_t input = 0; input < c.inputs; ++input) {
          const std::int64_t group =
              variant >= 2 ? indices[at(input)] : input / (c.inputs / c.groups);
          // The zero points of a group, put one after another.
          Bytes column;
          for (std::int64_t k = 0; k < (c.outputs * c.bits + 31) / 32; ++k) {
            const auto word = zeros.begin() + 4 * (k * c.groups + group);
            column.insert(column.end(), word, word + 4);
          }
          const int zero = asymmetric ? packed_code(column, 0, output, c.bits) : 1 << (c.bits - 1);
          const int code = packed_code(words, output * row_bytes, input, c.bits);
          want.push_back(rounded_product(code - zero, scales[at(output * c.groups + group)]));
        }
      }
      for (const std::int64_t first : {0, 2}) {
        for (const std::int64_t count : {0, 1, 3, 5}) {
          if (first + count > c.outputs) continue;
          Floats out(at(count * c.inputs) + 1, -1.0F);
          decode_packed_int(matrix, first, count, out.data());
          ASSERT_EQ(out.back(), -1.0F);
          out.pop_back();
          expect_same_bits(out, Floats(want.begin() + first * c.inputs,
                                       want.begin() + (first + count) * c.inputs));
        }
      }
    }
  }
}

// compressed-tensors 0.20, pack-quantized in f32: 9 outputs, 4 inputs, asymmetric.
TEST(PackedInt, DecodesLikeCompressedTensors) {
  const Bytes words = from_words({0x00000237, 0x0000f6ff, 0x00000ba0, 0x0000d7af, 0x00007f9d,
                                  0x0000896a, 0x0000ecf9, 0x00006053, 0x000070c1});
  const Bytes zeros = from_words({0x4dcc9773, 0x00000007});
  const Floats scales = from_bits({0x3e5c337d, 0x3d7a7182, 0x3d55bcca, 0x3e59211b, 0x3e832f0d,
                                   0x3e936556, 0x3e952e23, 0x3ee58894, 0x3e5bcbe1});
  PackedIntMatrix matrix{4, 4, 9, 1, 4};
  matrix.packed = words.data();
  matrix.scales = scales.data();
  matrix.zeros = zeros.data();
  Floats out(36);
  decode_packed_int(matrix, 0, 9, out.data());
  const Bits want = {0x3f5c337d, 0x00000000, 0xbe5c337d, 0xbf25269e, 0x3efa7182, 0x3efa7182,
                     0xbd7a7182, 0x3efa7182, 0xbebb0531, 0x3e204d98, 0x3e55bcca, 0xbebb0531,
                     0x3fa2d8d4, 0x3e59211b, 0xbed9211b, 0x3f59211b, 0x3e832f0d, 0xbf44c694,
                     0x3f44c694, 0xbfa3fad0, 0xbf136556, 0xbfdd1801, 0xbf5d1801, 0xbf936556,
                     0xbf952e23, 0x3f152e23, 0xbe952e23, 0x3e952e23, 0xbee58894, 0x3ee58894,
                     0xbfe58894, 0x3f658894, 0xbfa4d8e9, 0x3f895f6d, 0xbfc05265, 0x00000000};
  expect_same_bits(out, from_bits(want));
}

}  // namespace
}  // namespace inarch::packed_int_test
