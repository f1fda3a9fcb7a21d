#include "runtime/codecs/bnb_nested.h"

#include <algorithm>
#include <numeric>

#include "tests/unit/codecs/codec_data.h"

namespace inarch::bnb_nested_test {
namespace {

TEST(BnbNested, DecodesAnyRange) {
  const std::array<float, 256> map = bnb_dynamic_map();
  const Bytes codes = random_bytes(1000, 1);
  const Floats absmax2 = random_normals(4, 2);
  for (const std::int64_t begin : {0, 1, 255, 256, 257, 700}) {
    for (const std::int64_t n : {0, 1, 100, 300}) {
      Floats out(at(n));
      decode_nested_absmax(codes.data() + begin, map.data(), absmax2.data() + begin / 256, 0.3F,
                           256, begin, n, out.data());
      for (std::int64_t i = begin; i < begin + n; ++i) {
        const float scaled = map[codes[at(i)]] * absmax2[at(i / 256)];
        ASSERT_EQ(out[at(i - begin)], scaled + 0.3F) << i;
      }
    }
  }
}

// functional.create_dynamic_map() of bitsandbytes 0.50: some entries, and the sum of all patterns.
TEST(BnbNested, TheDynamicMapHasTheBitsOfBitsandbytes) {
  const std::array<float, 256> map = bnb_dynamic_map();
  const std::vector<std::pair<std::size_t, std::uint32_t>> some = {
      {0, 0xbf7e3333},   {1, 0xbf7a999a},   {63, 0xbddb3334},  {64, 0xbdc9eb85},  {100, 0xbbf4bc6a},
      {119, 0xb923d70b}, {126, 0xb513a3b7}, {127, 0x00000000}, {128, 0x3513a3b7}, {150, 0x3bab020d},
      {191, 0x3ddb3334}, {253, 0x3f7a999a}, {254, 0x3f7e3333}, {255, 0x3f800000}};
  for (const auto& [index, bits] : some) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(map[index]), bits) << index;
  }
  std::uint32_t sum = 0;
  for (const float value : map) sum += std::bit_cast<std::uint32_t>(value);
  EXPECT_EQ(sum, 0xa2c2ce84U);
  EXPECT_TRUE(std::is_sorted(map.begin(), map.end()));
}

TEST(BnbNested, EncodesTheNearest) {
  const std::array<float, 256> map = bnb_dynamic_map();
  Floats absmax = random_normals(600, 3);
  for (float& value : absmax) value = std::fabs(value);
  const float offset = nested_offset(absmax.data(), 600);
  const double mean = std::accumulate(absmax.begin(), absmax.end(), 0.0) / 600;
  EXPECT_EQ(offset, static_cast<float>(mean));
  Floats absmax2(3);
  Bytes codes(600);
  encode_nested_absmax(absmax.data(), offset, map.data(), 256, 600, absmax2.data(), codes.data());
  for (std::size_t i = 0; i < absmax.size(); ++i) {
    const double scaled = static_cast<double>((absmax[i] - offset) / absmax2[i / 256]);
    ASSERT_LE(std::fabs(scaled), 1.0);
    double best = 2;
    for (const float value : map)
      best = std::min(best, std::fabs(scaled - static_cast<double>(value)));
    ASSERT_NEAR(std::fabs(scaled - static_cast<double>(map[codes[i]])), best, 1e-7) << i;
  }
}

TEST(BnbNested, EqualValuesAreTheirMean) {
  const std::array<float, 256> map = bnb_dynamic_map();
  const Floats absmax(300, 0.125F);
  Floats absmax2(2, -1.0F);
  Bytes codes(300, 1);
  encode_nested_absmax(absmax.data(), nested_offset(absmax.data(), 300), map.data(), 256, 300,
                       absmax2.data(), codes.data());
  EXPECT_EQ(absmax2, (Floats{0.0F, 1e-38F}));
  Floats out(300);
  decode_nested_absmax(codes.data(), map.data(), absmax2.data(), 0.125F, 256, 0, 300, out.data());
  EXPECT_EQ(out, absmax);
}

// bitsandbytes 0.50: six values in blocks of four.
TEST(BnbNested, DoesAsBitsandbytesDoes) {
  const std::array<float, 256> map = bnb_dynamic_map();
  const Floats absmax =
      from_bits({0x3d6a7bc1, 0x3dd367a5, 0x3c201f8d, 0x3e6c2aa8, 0x3e8f354d, 0x3e4bd4b9});
  const float offset = std::bit_cast<float>(0x3e161fc9U);
  EXPECT_EQ(nested_offset(absmax.data(), 6), offset);
  Floats absmax2(2);
  Bytes codes(6);
  encode_nested_absmax(absmax.data(), offset, map.data(), 4, 6, absmax2.data(), codes.data());
  expect_same_bits(absmax2, from_bits({0x3e0c1dd0, 0x3e084ad1}));
  EXPECT_EQ(codes, (Bytes{0x18, 0x30, 0x00, 0xe3, 0xff, 0xd3}));
  Floats out(6);
  decode_nested_absmax(codes.data(), map.data(), absmax2.data(), offset, 4, 0, 6, out.data());
  expect_same_bits(
      out, from_bits({0x3d6920fa, 0x3dd3249d, 0x3c2fe2f0, 0x3e6c0e12, 0x3e8f354d, 0x3e4b0b3c}));
}

}  // namespace
}  // namespace inarch::bnb_nested_test
