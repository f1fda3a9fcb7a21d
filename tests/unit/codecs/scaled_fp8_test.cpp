#include "runtime/codecs/scaled_fp8.h"

#include "tests/unit/codecs/codec_data.h"
#include "tests/unit/kernels/small_float_oracle.h"

namespace inarch::scaled_fp8_test {
namespace {

constexpr DType both[] = {DType::f8_e4m3, DType::f8_e5m2};

std::int64_t block_of(const BlockGrid& grid, std::int64_t element) {
  const std::int64_t row = element / grid.columns;
  const std::int64_t block_row =
      row / grid.rows * grid.row_blocks() + row % grid.rows / grid.block_rows;
  return block_row * grid.column_blocks() + element % grid.columns / grid.block_columns;
}

struct Shape {
  std::int64_t matrices;
  BlockGrid grid;
  std::int64_t elements() const { return matrices * grid.rows * grid.columns; }
  std::int64_t blocks() const { return matrices * grid.row_blocks() * grid.column_blocks(); }
};

// Edge blocks in either direction, a scale a row, a matrix, an element; several matrices.
const Shape shapes[] = {{1, {256, 384, 128, 128}}, {1, {70, 200, 32, 64}}, {3, {5, 37, 2, 16}},
                        {2, {9, 33, 1, 33}},       {2, {9, 33, 9, 33}},    {1, {4, 50, 128, 128}},
                        {2, {3, 7, 1, 1}}};

Floats expected(DType code, const Shape& shape, const Bytes& codes, const Floats& scales) {
  const SmallFloatOracle oracle(code);
  Floats values(codes.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float scale = scales[at(block_of(shape.grid, static_cast<std::int64_t>(i)))];
    values[i] = rounded_product(oracle.value(codes[i]), scale);
  }
  return values;
}

TEST(ScaledFp8, DecodesAllShapesOfBlocks) {
  for (const DType code : both) {
    for (const Shape& shape : shapes) {
      const Bytes codes = random_bytes(shape.elements(), 1);
      const Floats scales = random_scales(shape.blocks(), 2);
      Floats out(codes.size());
      decode_scaled_fp8(code, shape.grid, codes.data(), scales.data(), 0, shape.elements(),
                        out.data());
      expect_same_bits(out, expected(code, shape, codes, scales));
    }
  }
}

TEST(ScaledFp8, DecodesAnyRange) {
  const Shape shape = {3, {5, 37, 2, 16}};
  const Bytes codes = random_bytes(shape.elements(), 3);
  const Floats scales = random_scales(shape.blocks(), 4);
  const Floats want = expected(DType::f8_e4m3, shape, codes, scales);
  for (std::int64_t begin = 0; begin < shape.elements(); begin += 7) {
    for (std::int64_t n = 0; begin + n <= shape.elements(); n += 13) {
      Floats out(at(n) + 1, -1.0F);
      decode_scaled_fp8(DType::f8_e4m3, shape.grid, codes.data() + begin, scales.data(), begin, n,
                        out.data());
      ASSERT_EQ(out.back(), -1.0F);
      out.pop_back();
      expect_same_bits(out, Floats(want.begin() + begin, want.begin() + begin + n));
    }
  }
}

TEST(ScaledFp8, EncodesTheNearest) {
  for (const DType code : both) {
    const SmallFloatOracle oracle(code);
    const double limit = code == DType::f8_e4m3 ? 448 : 57344;
    for (const Shape& shape : shapes) {
      Floats values = random_normals(shape.elements(), 5);
      values[0] = INFINITY;
      values[3] = -0.0F;
      const Floats multipliers(at(shape.blocks()), 3e4F);
      Bytes codes(values.size());
      encode_scaled_fp8(code, shape.grid, multipliers.data(), 0, shape.elements(), values.data(),
                        codes.data());
      for (std::size_t i = 0; i < codes.size(); ++i) {
        const double scaled = static_cast<double>(values[i] * 3e4F);
        ASSERT_EQ(codes[i], oracle.nearest(std::fmin(std::fmax(scaled, -limit), limit))) << i;
      }
    }
  }
}

TEST(ScaledFp8, MagnitudesAreThoseOfBlocks) {
  for (const Shape& shape : shapes) {
    Floats values = random_normals(shape.elements(), 6);
    Floats want(at(shape.blocks()), 0.0F);
    for (std::size_t i = 0; i < values.size(); ++i) {
      float& top = want[at(block_of(shape.grid, static_cast<std::int64_t>(i)))];
      top = std::max(top, std::fabs(values[i]));
    }
    Floats magnitudes(want.size(), 0.0F);
    const std::int64_t half = shape.elements() / 2;
    block_magnitudes(shape.grid, values.data(), 0, half, magnitudes.data());
    block_magnitudes(shape.grid, values.data() + half, half, shape.elements() - half,
                     magnitudes.data());
    expect_same_bits(magnitudes, want);

    values[0] = -NAN;
    block_magnitudes(shape.grid, values.data(), 0, shape.elements(), magnitudes.data());
    EXPECT_TRUE(std::isnan(magnitudes[0]));
    values[0] = INFINITY;
    block_magnitudes(shape.grid, values.data(), 0, shape.elements(), magnitudes.data());
    EXPECT_TRUE(std::isnan(magnitudes[0]));
  }
}

TEST(ScaledFp8, MultipliersFillTheRange) {
  EXPECT_EQ(fp8_multiplier(DType::f8_e4m3, 448.0F), 1.0F);
  EXPECT_EQ(fp8_multiplier(DType::f8_e5m2, 2.0F), 28672.0F);
  EXPECT_EQ(fp8_multiplier(DType::f8_e4m3, 0.0F), 1.0F);
  EXPECT_EQ(fp8_multiplier(DType::f8_e4m3, 1e-40F), 0x1p127F);
  EXPECT_TRUE(std::isnan(fp8_multiplier(DType::f8_e4m3, NAN)));
  EXPECT_TRUE(std::isnan(fp8_multiplier(DType::f8_e4m3, INFINITY)));
}

TEST(ScaledFp8, PowersOfTwoCoverTheBlock) {
  for (int exponent = -100; exponent < 100; ++exponent) {
    const float full = std::ldexp(448.0F, exponent);
    EXPECT_EQ(fp8_power_of_two_scale(DType::f8_e4m3, full), std::ldexp(1.0F, exponent));
    EXPECT_EQ(fp8_power_of_two_scale(DType::f8_e4m3, std::nextafter(full, 0.0F)),
              std::ldexp(1.0F, exponent));
    EXPECT_EQ(fp8_power_of_two_scale(DType::f8_e4m3, std::nextafter(full, INFINITY)),
              std::ldexp(1.0F, exponent + 1));
  }
  EXPECT_EQ(fp8_power_of_two_scale(DType::f8_e4m3, 0.0F), 1.0F);
  EXPECT_EQ(fp8_power_of_two_scale(DType::f8_e4m3, 1e-45F), 0x1p-126F);
  EXPECT_EQ(fp8_power_of_two_scale(DType::f8_e4m3, 0x1.fffffep127F), 0x1p120F);
  EXPECT_TRUE(std::isnan(fp8_power_of_two_scale(DType::f8_e4m3, INFINITY)));
}

TEST(ScaledFp8, ABlockWithNaNIsNaN) {
  const BlockGrid grid{1, 4, 1, 4};
  const Floats values = {1.0F, NAN, -2.0F, 0.0F};
  float magnitude = 0;
  block_magnitudes(grid, values.data(), 0, 4, &magnitude);
  const float multiplier = fp8_multiplier(DType::f8_e4m3, magnitude);
  Bytes codes(4);
  encode_scaled_fp8(DType::f8_e4m3, grid, &multiplier, 0, 4, values.data(), codes.data());
  EXPECT_EQ(codes, (Bytes{0x7f, 0x7f, 0x7f, 0x7f}));
}

/// Of values that are divided by it: a quotient in f64 is rounded to f32 as one in f32 would be.
double dividing_scale(DType stored, float magnitude) {
  const auto quotient = static_cast<float>(double{magnitude} / 448);
  if (stored == DType::f32) return double{quotient};
  const SmallFloatOracle oracle(stored);
  return oracle.value(oracle.nearest(double{quotient}));
}

TEST(ScaledFp8, DividingScalesAreRoundedToWhatIsStored) {
  Floats magnitudes = random_scales(500, 7);
  for (int exponent = -140; exponent < 127; ++exponent)
    magnitudes.push_back(std::ldexp(1.37F, exponent));
  for (const DType stored : {DType::f32, DType::bf16, DType::f16}) {
    for (const float each : magnitudes) {
      const float magnitude = std::fabs(each);
      if (!std::isfinite(magnitude)) continue;
      const float scale = fp8_dividing_scale(stored, magnitude);
      const double want = dividing_scale(stored, magnitude);
      if (want != 0) {
        ASSERT_EQ(double{scale}, want) << magnitude;
      } else {
        const int digits = stored == DType::f32 ? 23 : stored == DType::bf16 ? 7 : 10;
        ASSERT_EQ(scale, std::ldexp(1.0F, -digits)) << magnitude;
      }
    }
    EXPECT_TRUE(std::isnan(fp8_dividing_scale(stored, NAN)));
    EXPECT_TRUE(std::isnan(fp8_dividing_scale(stored, INFINITY)));
  }
  EXPECT_TRUE(std::isinf(fp8_dividing_scale(DType::f16, 1e8F)));
}

TEST(ScaledFp8, QuotientsGoToTheNearest) {
  const SmallFloatOracle oracle(DType::f8_e4m3);
  for (const Shape& shape : shapes) {
    Floats values = random_normals(shape.elements(), 8);
    values[0] = -0.0F;
    Floats scales(at(shape.blocks()), 0.0F);
    block_magnitudes(shape.grid, values.data(), 0, shape.elements(), scales.data());
    for (float& scale : scales) scale = fp8_dividing_scale(DType::bf16, scale);
    values[1] = 1e30F;  // far beyond what the scale is for
    Bytes codes(values.size());
    const std::int64_t some = shape.elements() / 3;
    encode_divided_fp8(shape.grid, scales.data(), 0, some, values.data(), codes.data());
    encode_divided_fp8(shape.grid, scales.data(), some, shape.elements() - some,
                       values.data() + some, codes.data() + some);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const float scale = scales[at(block_of(shape.grid, static_cast<std::int64_t>(i)))];
      const auto quotient = static_cast<float>(double{values[i]} / double{scale});
      ASSERT_EQ(codes[i], oracle.nearest(double{quotient})) << i;
    }
  }
}

// compressed-tensors 0.20, calculate_qparams and quantize (in f32), a scale a row.
TEST(ScaledFp8, EncodesLikeCompressedTensors) {
  const BlockGrid grid{2, 8, 1, 8};
  const Floats values =
      from_bits({0x3dbd0000, 0x3cd50000, 0xbdaf0000, 0xbdae0000, 0x3dcf0000, 0xbc5c0000, 0xbbd60000,
                 0xbd930000, 0x00000000, 0x00000000, 0x00000000, 0xb81a0000, 0x384f0000, 0xb7b00000,
                 0xb7f60000, 0xb8240000});
  Floats magnitudes(2, 0.0F);
  block_magnitudes(grid, values.data(), 0, 16, magnitudes.data());
  const auto check = [&](DType stored, const Bits& scales, const Bytes& want) {
    Floats made;
    for (const float magnitude : magnitudes) made.push_back(fp8_dividing_scale(stored, magnitude));
    expect_same_bits(made, from_bits(scales));
    Bytes codes(16);
    encode_divided_fp8(grid, made.data(), 0, 16, values.data(), codes.data());
    EXPECT_EQ(codes, want) << name(stored);
  };
  const Bytes codes = {0x7d, 0x6e, 0xfc, 0xfc, 0x7e, 0xe7, 0xde, 0xfa,
                       0x00, 0x00, 0x00, 0xfa, 0x7e, 0xf4, 0xf8, 0xfb};
  check(DType::f32, {0x396c9249, 0x33ec9249}, codes);
  check(DType::bf16, {0x396d0000, 0x33ed0000}, codes);
  check(DType::f16, {0x396ca000, 0x34000000},
        {0x7d, 0x6e, 0xfc, 0xfc, 0x7e, 0xe7, 0xde, 0xfa, 0x00, 0x00, 0x00, 0xfa, 0x7d, 0xf3, 0xf7,
         0xfa});
}

// transformers 5.23, Fp8Dequantize, with blocks of 2 × 4.
TEST(ScaledFp8, DecodesLikeTransformers) {
  const BlockGrid grid{2, 8, 2, 4};
  const Bytes codes = {0x8b, 0x4a, 0xe5, 0x7f, 0xa9, 0x01, 0x06, 0xa0,
                       0x95, 0x6a, 0x26, 0xaf, 0xbc, 0xcd, 0xaf, 0xe5};
  const Floats scales = from_bits({0x3c4985f0, 0x0020aac8});
  Floats out(16);
  decode_scaled_fp8(DType::f8_e4m3, grid, codes.data(), scales.data(), 0, 16, out.data());
  const Bits e4m3 = {0xb98a8c15, 0x3d7be76c, 0xbf23bcd3, 0x7fc00000, 0x80093008, 0x00001055,
                     0x00006200, 0x80041559, 0xba23bcd3, 0x3f7be76c, 0x3b305532, 0xbbbced91,
                     0x8031002c, 0x80d45614, 0x800f500e, 0x82545614};
  expect_same_bits(out, from_bits(e4m3));
  decode_scaled_fp8(DType::f8_e5m2, grid, codes.data(), scales.data(), 0, 16, out.data());
  const Bits e5m2 = {0xb6305532, 0x3e172474, 0xc17be76c, 0x7fc00000, 0x800146ac, 0x00000021,
                     0x000000c4, 0x80004156, 0xb77be76c, 0x42172474, 0x39972474, 0xbab05532,
                     0x8020aac8, 0x81a355e8, 0x800392ae, 0x84a355e8};
  expect_same_bits(out, from_bits(e5m2));
}

// transformers 5.23, Fp8Quantize, with blocks of 2 × 4.
TEST(ScaledFp8, EncodesLikeTransformers) {
  const BlockGrid grid{2, 8, 2, 4};
  const Floats values =
      from_bits({0xbf51f456, 0x3eca902b, 0x3f661ede, 0xbfb1b738, 0xb92f1ba7, 0x3995802f, 0xba280eed,
                 0xba6a4434, 0x3f6d31ec, 0xbf091754, 0xbf9471b7, 0xbeeb99b8, 0x3a39bd41, 0x3a84be6f,
                 0x397196b1, 0x3a8ee3e0});
  Floats magnitudes(2, 0.0F);
  block_magnitudes(grid, values.data(), 0, 16, magnitudes.data());
  Floats scales;
  Floats multipliers;
  for (const float magnitude : magnitudes) {
    multipliers.push_back(fp8_multiplier(DType::f8_e4m3, magnitude));
    scales.push_back(1 / multipliers.back());
  }
  expect_same_bits(scales, from_bits({0x3b4b1a89, 0x36234d92}));
  Bytes codes(16);
  encode_scaled_fp8(DType::f8_e4m3, grid, multipliers.data(), 0, 16, values.data(), codes.data());
  EXPECT_EQ(codes, (Bytes{0xf8, 0x70, 0x79, 0xfe, 0xe9, 0x6f, 0xf8, 0xfb, 0x79, 0xf3, 0xfc, 0xf1,
                          0x79, 0x7d, 0x6c, 0x7e}));

  for (std::size_t i = 0; i < 2; ++i) {
    scales[i] = fp8_power_of_two_scale(DType::f8_e4m3, magnitudes[i]);
    multipliers[i] = 1 / scales[i];
  }
  expect_same_bits(scales, from_bits({0x3b800000, 0x36800000}));
  encode_scaled_fp8(DType::f8_e4m3, grid, multipliers.data(), 0, 16, values.data(), codes.data());
  EXPECT_EQ(codes, (Bytes{0xf5, 0x6d, 0x76, 0xfb, 0xe3, 0x69, 0xf3, 0xf7, 0x77, 0xf1, 0xf9, 0xef,
                          0x74, 0x78, 0x67, 0x79}));
}

}  // namespace
}  // namespace inarch::scaled_fp8_test
