#include "runtime/codecs/gptq.h"

#include <cstring>

#include "tests/unit/codecs/codec_data.h"

namespace inarch::gptq_test {
namespace {

struct Case {
  int bits;
  std::int64_t inputs, outputs, groups;
};
// Several tiles of words; groups that are no whole tiles; more groups than are collected.
const Case cases[] = {{2, 3328, 48, 4}, {3, 2240, 64, 7},  {4, 1600, 72, 5},
                      {8, 800, 36, 25}, {4, 128, 16, 128}, {4, 2304, 8, 1152}};

struct Data {
  Bytes words, zeros;
  Floats scales;
  std::vector<std::int32_t> indices;
  GptqMatrix matrix;
};

Data make(const Case& c, bool act_order) {
  Data data;
  // One byte in front: words need not be aligned.
  data.words = random_bytes(1 + c.inputs * c.outputs * c.bits / 8, 1);
  data.zeros = random_bytes(c.groups * c.outputs * c.bits / 8, 2);
  data.scales = random_scales(c.groups * c.outputs, 3);
  for (std::int64_t i = 0; i < c.inputs; ++i) {
    const std::int64_t group = act_order ? i * 31 % c.groups : i / (c.inputs / c.groups);
    data.indices.push_back(static_cast<std::int32_t>(group));
  }
  data.matrix = {c.bits, c.inputs, c.outputs, c.groups, c.inputs / c.groups};
  data.matrix.qweight = data.words.data() + 1;
  data.matrix.qzeros = data.zeros.data();
  data.matrix.scales = data.scales.data();
  if (act_order) data.matrix.g_idx = data.indices.data();
  data.matrix.stored = StoredZeros::plain;
  return data;
}

Floats expected(const Case& c, const Data& data) {
  Floats want(at(c.inputs * c.outputs));
  for (std::int64_t output = 0; output < c.outputs; ++output) {
    Bytes column;
    for (std::int64_t row = 0; row < c.inputs * c.bits / 32; ++row) {
      const auto word = data.words.begin() + 1 + 4 * (row * c.outputs + output);
      column.insert(column.end(), word, word + 4);
    }
    for (std::int64_t input = 0; input < c.inputs; ++input) {
      const std::int64_t group = data.indices[at(input)];
      const int zero = packed_code(data.zeros, group * c.outputs * c.bits / 8, output, c.bits);
      const int difference = packed_code(column, 0, input, c.bits) - zero;
      const float scale = data.scales[at(group * c.outputs + output)];
      want[at(output * c.inputs + input)] = rounded_product(difference, scale);
    }
  }
  return want;
}

TEST(Gptq, DecodesAnyRows) {
  for (const Case& c : cases) {
    for (const bool act_order : {false, true}) {
      const Data data = make(c, act_order);
      const Floats want = expected(c, data);
      for (const std::int64_t first : {0, 1, 5, 16, 17}) {
        for (const std::int64_t count : {0, 1, 3, 16, 48}) {
          if (first + count > c.outputs) continue;
          Floats out(at(count * c.inputs) + 1, -1.0F);
          decode_gptq(data.matrix, first, count, out.data());
          ASSERT_EQ(out.back(), -1.0F);
          out.pop_back();
          expect_same_bits(out, Floats(want.begin() + first * c.inputs,
                                       want.begin() + (first + count) * c.inputs));
        }
      }
    }
  }
}

// A v1 file of the same zero points: less one each, written by packing them so, or by subtracting
// from words.
TEST(Gptq, StoredZerosMayBeLessOne) {
  for (const Case& c : cases) {
    Data data = make(c, true);
    for (std::int64_t word = 0; word < std::ssize(data.zeros) / 4; ++word) {
      std::uint32_t ones = 0;
      const std::int64_t row_words = c.outputs * c.bits / 32;
      for (int bit = 0; bit < 32; ++bit) {
        if ((word % row_words * 32 + bit) % c.bits == 0) ones |= 1U << bit;
      }
      std::uint32_t packed = 0;
      std::memcpy(&packed, data.zeros.data() + 4 * word, 4);
      packed += ones;
      std::memcpy(data.zeros.data() + 4 * word, &packed, 4);
    }
    const Floats want = expected(c, data);
    data = make(c, true);
    data.matrix.stored = StoredZeros::less_one;
    Floats out(want.size());
    decode_gptq(data.matrix, 0, c.outputs, out.data());
    expect_same_bits(out, want);
  }
}

// 3 bits: GPTQModel subtracts 0x24924924, 0x92492492, 0x49249249 from three words.
TEST(Gptq, KnowsTheConstantsOfGptqModel) {
  const Bytes words(4 * 3 * 32, 0);
  const Floats scales(32, 1.0F);
  const Bytes zeros = from_words({0U - 0x24924924U, 0U - 0x92492492U, 0U - 0x49249249U});
  GptqMatrix matrix{3, 32, 32, 1, 32};
  matrix.qweight = words.data();
  matrix.qzeros = zeros.data();
  matrix.scales = scales.data();
  matrix.stored = StoredZeros::less_one_by_gptqmodel;
  Floats out(32 * 32, 1.0F);
  decode_gptq(matrix, 0, 32, out.data());
  for (const float value : out) ASSERT_EQ(value, 0.0F);
}

// Codes 8 and 0x3: (8 − 7)·0.5 and (3 − 7)·0.5; v1 stores 6 for 7.
TEST(Gptq, AFileOfOneWord) {
  Bytes words;
  for (int output = 0; output < 8; ++output) {
    for (const std::uint32_t word : {0x88888838U}) {
      const Bytes bytes = from_words({word});
      words.insert(words.end(), bytes.begin(), bytes.end());
    }
  }
  const Bytes zeros = from_words({0x66666666});
  const Floats scales(8, 0.5F);
  GptqMatrix matrix{4, 8, 8, 1, 8};
  matrix.qweight = words.data();
  matrix.qzeros = zeros.data();
  matrix.scales = scales.data();
  Floats out(64);
  decode_gptq(matrix, 0, 8, out.data());
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], i % 8 == 1 ? -2.0F : 0.5F);
}

}  // namespace
}  // namespace inarch::gptq_test
