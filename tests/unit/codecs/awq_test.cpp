#include "runtime/codecs/awq.h"

#include "runtime/kernels/convert.h"
#include "tests/unit/codecs/codec_data.h"

namespace inarch::awq_test {
namespace {

constexpr int column_of_nibble[] = {0, 2, 4, 6, 1, 3, 5, 7};

// Element [input, output] of a packed matrix.
int awq_code(const Bytes& words, std::int64_t outputs, std::int64_t input, std::int64_t output) {
  int nibble = 0;
  while (column_of_nibble[nibble] != output % 8) ++nibble;
  const std::int64_t word = input * (outputs / 8) + output / 8;
  return words[at(4 * word + nibble / 2)] >> (nibble % 2 * 4) & 15;
}

TEST(Awq, DecodesAnyRows) {
  struct {
    std::int64_t inputs, outputs, group;
  } const shapes[] = {{128, 8, 32}, {300, 136, 60}, {512, 264, 128}, {64, 400, 64}};
  for (const auto& [inputs, outputs, group] : shapes) {
    // One byte in front: words need not be aligned.
    Bytes words = random_bytes(1 + inputs * outputs / 2, 1);
    const Bytes zeros = random_bytes(inputs / group * outputs / 2, 2);
    const Floats scales = random_scales(inputs / group * outputs, 3);
    const AwqMatrix matrix{inputs, outputs, group, words.data() + 1, zeros.data(), scales.data()};
    const Bytes aligned(words.begin() + 1, words.end());
    Floats want(at(inputs * outputs));
    for (std::int64_t output = 0; output < outputs; ++output) {
      for (std::int64_t input = 0; input < inputs; ++input) {
        const int difference = awq_code(aligned, outputs, input, output) -
                               awq_code(zeros, outputs, input / group, output);
        const float scale = scales[at(input / group * outputs + output)];
        want[at(output * inputs + input)] = rounded_product(difference, scale);
      }
    }
    for (const std::int64_t first : {0, 1, 7, 8, 130}) {
      for (const std::int64_t count : {0, 1, 2, 9, 128, 400}) {
        if (first + count > outputs) continue;
        Floats out(at(count * inputs) + 1, -1.0F);
        decode_awq(matrix, first, count, out.data());
        ASSERT_EQ(out.back(), -1.0F);
        out.pop_back();
        expect_same_bits(
            out, Floats(want.begin() + first * inputs, want.begin() + (first + count) * inputs));
      }
    }
  }
}

// AutoAWQ 0.2.9, packing_utils.dequantize_gemm: two inputs, eight outputs, in F16.
TEST(Awq, DecodesLikeAutoAwq) {
  const Bytes words = from_words({0x01f450a5, 0xa25009da});
  const Bytes zeros = from_words({0x2e175221});
  const Floats scales = from_bits({0x3bb8e000, 0x3b5b6000, 0x39bbc000, 0x3ac3e000, 0x3bacc000,
                                   0x3b9b0000, 0x3c15a000, 0x3ba98000});
  Floats out(16);
  decode_awq({2, 8, 2, words.data(), zeros.data(), scales.data()}, 0, 8, out.data());
  round_to(DType::f16, out.data(), 16);
  const Bits want = {0x3cb8e000, 0x3d500000, 0xbc248000, 0xbcc00000, 0x3b3bc000, 0x3b812000,
                     0x3cab6000, 0x3bc3e000, 0xbc2cc000, 0x3d172000, 0xbd7be000, 0xbd688000,
                     0x00000000, 0xbd3b0000, 0xbc298000, 0x3d298000};
  expect_same_bits(out, from_bits(want));
}

}  // namespace
}  // namespace inarch::awq_test
