#include "runtime/codecs/e8m0.h"

#include "tests/unit/codecs/codec_data.h"

namespace inarch::e8m0_test {
namespace {

TEST(E8m0, EveryCodeIsAPowerOfTwo) {
  Bytes codes(256);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<unsigned char>(i);
  Floats values(codes.size());
  decode_e8m0(codes.data(), 256, values.data());
  for (int i = 0; i < 255; ++i) EXPECT_EQ(values[at(i)], std::ldexp(1.0F, i - 127)) << i;
  EXPECT_EQ(std::bit_cast<std::uint32_t>(values[255]), 0x7fc00000U);

  Bytes back(codes.size());
  EXPECT_TRUE(encode_e8m0(values.data(), 256, back.data()));
  EXPECT_EQ(back, codes);
}

TEST(E8m0, WhatItCannotHoldBecomesNaN) {
  for (const float value :
       {0.0F, -0.0F, -1.0F, 1.5F, 0x1p-128F, 0x1p-149F, 0x1.8p-127F, INFINITY}) {
    unsigned char code = 0;
    EXPECT_FALSE(encode_e8m0(&value, 1, &code)) << value;
    EXPECT_EQ(code, 255);
  }
  const Floats mixed = {1.0F, 3.0F, 4.0F};
  Bytes codes(3);
  EXPECT_FALSE(encode_e8m0(mixed.data(), 3, codes.data()));
  EXPECT_EQ(codes, (Bytes{127, 255, 129}));
}

}  // namespace
}  // namespace inarch::e8m0_test
