#include "runtime/codecs/packed_e2m1.h"

#include <algorithm>

#include "runtime/codecs/e8m0.h"
#include "tests/unit/codecs/codec_data.h"

namespace inarch::packed_e2m1_test {
namespace {

constexpr double magnitudes_of_codes[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};

double value_of(int code) {
  const double magnitude = magnitudes_of_codes[code & 7];
  return (code & 8) != 0 ? -magnitude : magnitude;
}

Floats expected(const Bytes& packed, const Floats& scales, std::int64_t group) {
  Floats values(packed.size() * 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int code = packed[i / 2] >> (i % 2 == 0 ? 0 : 4) & 15;
    values[i] = rounded_product(value_of(code), scales[i / at(group)]);
  }
  return values;
}

TEST(PackedE2m1, DecodesAnyRange) {
  for (const std::int64_t group : {16, 32}) {
    const std::int64_t n = 5 * 1024 + 64;  // several chunks
    const Bytes packed = random_bytes(n / 2, 1);
    const Floats scales = random_scales(n / group, 2);
    const Floats want = expected(packed, scales, group);
    for (const std::int64_t begin : {0, 1, 2, 15, 16, 31, 33, 1023, 1024, 2047}) {
      for (const std::int64_t count : {0, 1, 2, 3, 17, 64, 1023, 1024, 1025, 3000}) {
        Floats out(at(count) + 1, -1.0F);
        decode_e2m1(packed.data() + begin / 2, scales.data() + begin / group, group, begin, count,
                    out.data());
        ASSERT_EQ(out.back(), -1.0F);
        out.pop_back();
        expect_same_bits(out, Floats(want.begin() + begin, want.begin() + begin + count));
      }
    }
  }
}

int nearest_code(double x) {
  int best = 0;
  for (int code = 1; code < 8; ++code) {
    const double old = std::fabs(std::fabs(x) - magnitudes_of_codes[best]);
    const double now = std::fabs(std::fabs(x) - magnitudes_of_codes[code]);
    if (now < old || (now == old && code % 2 == 0)) best = code;
  }
  return best | (std::signbit(x) ? 8 : 0);
}

TEST(PackedE2m1, EncodesTheNearestTiesToEven) {
  Floats values = random_normals(4096, 3);
  for (float& value : values) value *= 100;
  std::size_t i = 0;
  for (const float middle : {0.25F, 0.75F, 1.25F, 1.75F, 2.5F, 3.5F, 5.0F}) {
    for (const float x : {middle, std::nextafter(middle, 0.0F), std::nextafter(middle, 9.0F)}) {
      values[i++] = x;
      values[i++] = -x;
    }
  }
  values[i++] = INFINITY;
  values[i++] = -0.0F;
  for (const float scale : {1.0F, 0.25F, 0.3F}) {
    for (const std::int64_t n : {4096, 4095, 33, 1}) {
      const Floats scales(at(n / 32 + 1), scale);
      Bytes packed(at((n + 1) / 2));
      encode_e2m1(values.data(), scales.data(), 32, n, packed.data());
      for (std::int64_t k = 0; k < n; ++k) {
        const int code = packed[at(k / 2)] >> (k % 2 == 0 ? 0 : 4) & 15;
        const float quotient = values[at(k)] / scale;
        ASSERT_EQ(code, nearest_code(static_cast<double>(std::clamp(quotient, -9.0F, 9.0F)))) << k;
      }
      if (n % 2 == 1) {
        EXPECT_EQ(packed.back() >> 4, 0);
      }
    }
  }
}

TEST(PackedE2m1, NaNHasNoCode) {
  const Floats values = {NAN, -NAN, 0.0F};
  const float one = 1;
  Bytes packed(2);
  encode_e2m1(values.data(), &one, 16, 3, packed.data());
  EXPECT_EQ(packed, (Bytes{0x77, 0x00}));
  float magnitude = 0;
  group_magnitudes(values.data(), 16, 3, &magnitude);
  EXPECT_TRUE(std::isnan(magnitude));
  EXPECT_TRUE(std::isnan(e2m1_scale(magnitude)) && std::isnan(e2m1_scale_ocp(magnitude)));
}

TEST(PackedE2m1, MagnitudesAreThoseOfGroups) {
  const Floats values = random_normals(70, 4);
  Floats magnitudes(3);
  group_magnitudes(values.data(), 32, 70, magnitudes.data());
  for (std::size_t group = 0; group < 3; ++group) {
    float top = 0;
    for (std::size_t i = 32 * group; i < std::min<std::size_t>(70, 32 * group + 32); ++i) {
      top = std::max(top, std::fabs(values[i]));
    }
    EXPECT_EQ(magnitudes[group], top);
  }
}

TEST(PackedE2m1, ScalesAreTheSmallestThatCover) {
  EXPECT_EQ(e2m1_scale(6.0F), 1.0F);
  EXPECT_EQ(e2m1_scale(std::nextafter(6.0F, 7.0F)), 2.0F);
  EXPECT_EQ(e2m1_scale(3.0F), 0.5F);
  EXPECT_EQ(e2m1_scale(0.0F), 1.0F);
  EXPECT_EQ(e2m1_scale(1e-44F), 0x1p-126F);
  EXPECT_EQ(e2m1_scale_ocp(6.0F), 1.0F);
  EXPECT_EQ(e2m1_scale_ocp(7.9F), 1.0F);
  EXPECT_EQ(e2m1_scale_ocp(8.0F), 2.0F);
  EXPECT_EQ(e2m1_scale_ocp(4.0F), 1.0F);
  EXPECT_EQ(e2m1_scale_ocp(0.0F), 1.0F);
  EXPECT_EQ(e2m1_scale_ocp(1e-44F), 0x1p-127F);
}

// transformers 5.23, mxfp4._convert_moe_packed_tensors in f32.
TEST(PackedE2m1, DecodesMxfp4LikeTransformers) {
  const Bytes blocks = {0x62, 0xf9, 0x0a, 0x94, 0x5f, 0x56, 0x93, 0xc6, 0x42, 0x27, 0x6a,
                        0xd5, 0xab, 0x2d, 0xa7, 0x39, 0x45, 0x51, 0x37, 0x0e, 0x99, 0xb2,
                        0xd7, 0x4c, 0x34, 0x27, 0xfa, 0x48, 0xd7, 0x32, 0xa1, 0xdf};
  const Bytes exponents = {100, 131};
  Floats scales(2);
  decode_e8m0(exponents.data(), 2, scales.data());
  Floats out(64);
  decode_e2m1(blocks.data(), scales.data(), 32, 0, 64, out.data());
  const Bits want = {0x32000000, 0x33000000, 0xb1800000, 0xb3400000, 0xb2000000, 0x00000000,
                     0x32800000, 0xb1800000, 0xb3400000, 0x32c00000, 0x33000000, 0x32c00000,
                     0x32400000, 0xb1800000, 0x33000000, 0xb2800000, 0x32000000, 0x32800000,
                     0x33400000, 0x32000000, 0xb2000000, 0x33000000, 0x32c00000, 0xb2c00000,
                     0xb2400000, 0xb2000000, 0xb2c00000, 0x32000000, 0x33400000, 0xb2000000,
                     0xb1800000, 0x32400000, 0x42400000, 0x42000000, 0x41000000, 0x42400000,
                     0x42c00000, 0x41c00000, 0xc2800000, 0x00000000, 0xc1000000, 0xc1000000,
                     0x41800000, 0xc1c00000, 0x42c00000, 0xc2400000, 0xc2000000, 0x42000000,
                     0x42000000, 0x41c00000, 0x42c00000, 0x41800000, 0xc1800000, 0xc2c00000,
                     0x80000000, 0x42000000, 0x42c00000, 0xc2400000, 0x41800000, 0x41c00000,
                     0x41000000, 0xc1800000, 0xc2c00000, 0xc2400000};
  expect_same_bits(out, from_bits(want));
}

// compressed-tensors 0.20, NVFP4 in f32: a scale of 22 and a global scale of 1234.567.
TEST(PackedE2m1, DecodesNvfp4LikeCompressedTensors) {
  const Bytes packed = {0x70, 0xac, 0xa1, 0xe9, 0x26, 0x11, 0x59, 0x01};
  const float scale = 22.0F / 1234.567F;
  Floats out(16);
  decode_e2m1(packed.data(), &scale, 16, 0, 16, out.data());
  const Bits want = {0x00000000, 0x3ddaf8ea, 0xbd11fb47, 0xbc91fb47, 0x3c11fb47, 0xbc91fb47,
                     0xbc11fb47, 0xbd91fb47, 0x3d91fb47, 0x3c91fb47, 0x3c11fb47, 0x3c11fb47,
                     0xbc11fb47, 0x3d5af8ea, 0x3c11fb47, 0x00000000};
  expect_same_bits(out, from_bits(want));
}

}  // namespace
}  // namespace inarch::packed_e2m1_test
