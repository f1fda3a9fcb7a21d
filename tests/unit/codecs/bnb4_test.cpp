#include "runtime/codecs/bnb4.h"

#include <algorithm>
#include <array>

#include "tests/unit/codecs/codec_data.h"

namespace inarch::bnb4_test {
namespace {

constexpr Bnb4Kind kinds[] = {Bnb4Kind::nf4, Bnb4Kind::fp4};

int code_of(const Bytes& packed, std::int64_t element) {
  return packed[at(element / 2)] >> (element % 2 == 0 ? 4 : 0) & 15;
}

TEST(Bnb4, DecodesAnyRange) {
  for (const Bnb4Kind kind : kinds) {
    const std::array<float, 16>& map = bnb4_map(kind);
    for (const std::int64_t blocksize : {32, 64, 4096}) {
      const std::int64_t n = 2 * 4096 + 38;
      const Bytes packed = random_bytes(n / 2, 1);
      const Floats absmax = random_scales(n / blocksize + 1, 2);
      Floats want(at(n));
      for (std::int64_t i = 0; i < n; ++i) {
        const double value = static_cast<double>(map[at(code_of(packed, i))]);
        want[at(i)] = rounded_product(value, absmax[at(i / blocksize)]);
      }
      for (const std::int64_t begin : {0, 1, 31, 32, 63, 65, 1023, 4095, 4097}) {
        for (const std::int64_t count : {0, 1, 2, 65, 1023, 1024, 1025, 4000}) {
          Floats out(at(count) + 1, -1.0F);
          decode_bnb4(packed.data() + begin / 2, map.data(), absmax.data() + begin / blocksize,
                      blocksize, begin, count, out.data());
          ASSERT_EQ(out.back(), -1.0F);
          out.pop_back();
          expect_same_bits(out, Floats(want.begin() + begin, want.begin() + begin + count));
        }
      }
    }
  }
}

TEST(Bnb4, UsesTheMapOfTheFile) {
  std::array<float, 16> map{};
  for (std::size_t i = 0; i < 16; ++i) map[i] = static_cast<float>(i) * 0.125F;
  const Bytes packed = {0x1f, 0xe0};
  const float absmax = 4;
  Floats out(4);
  decode_bnb4(packed.data(), map.data(), &absmax, 64, 0, 4, out.data());
  EXPECT_EQ(out, (Floats{0.5F, 7.5F, 7.0F, 0.0F}));
}

// By magnitude of the difference; among equals the lower value, among zeros the one for its side.
int nearest_code(const std::array<float, 16>& map, float scaled) {
  std::array<int, 16> order{};
  for (int i = 0; i < 16; ++i) order[at(i)] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return map[at(a)] < map[at(b)]; });
  int rung = 0;
  while (rung < 15 && scaled > (map[at(order[at(rung)])] + map[at(order[at(rung + 1)])]) / 2)
    ++rung;
  return order[at(rung)];
}

TEST(Bnb4, EncodesTheNearest) {
  for (const Bnb4Kind kind : kinds) {
    for (const std::int64_t blocksize : {32, 64, 4096}) {
      for (const std::int64_t n : {4096, 4096 + 64, 4096 + 37, 8192 + 1}) {
        Floats values = random_normals(n, 3);
        std::fill_n(values.begin(), 32, 0.0F);
        Floats absmax(at((n + blocksize - 1) / blocksize));
        bnb4_absmax(values.data(), blocksize, n, absmax.data());
        Bytes packed(at((n + 1) / 2));
        encode_bnb4(kind, values.data(), absmax.data(), blocksize, n, packed.data());
        for (std::int64_t i = 0; i < n; ++i) {
          const float divisor = std::max(absmax[at(i / blocksize)], 1e-38F);
          const bool whole = i < n - n % blocksize;
          const float scaled = whole ? values[at(i)] * (1 / divisor) : values[at(i)] / divisor;
          ASSERT_EQ(code_of(packed, i), nearest_code(bnb4_map(kind), scaled)) << i;
        }
        const int zero = kind == Bnb4Kind::nf4 ? 7 : 0;
        if (n % 2 == 1) {
          EXPECT_EQ(code_of(packed, n), zero);
        }
      }
    }
  }
}

TEST(Bnb4, AbsmaxOfOddBlocks) {
  Floats values(64 + 3, 0.0F);
  Floats absmax(2);
  bnb4_absmax(values.data(), 64, 67, absmax.data());
  EXPECT_EQ(absmax, (Floats{0.0F, 1e-38F}));
  values[10] = -NAN;
  values[65] = -INFINITY;
  bnb4_absmax(values.data(), 64, 67, absmax.data());
  EXPECT_TRUE(std::isnan(absmax[0]) && std::isinf(absmax[1]));
}

// bitsandbytes 0.50 on a CPU: 41 values in blocks of 32, the last one short.
struct Reference {
  Bnb4Kind kind;
  Bits values;
  Bytes codes;
  Bits absmax;
  Bits decoded;
};

const Reference references[] = {
    {Bnb4Kind::nf4,
     {0xbe22109b, 0x00000000, 0x80000000, 0xbd072c3d, 0x3ca290f2, 0x3da02b22, 0x3dd4cf2b,
      0xbd94613b, 0xbcab7ddf, 0xbcb06864, 0xbe39ee3d, 0xbd0d693f, 0xbe531868, 0x3d8a0e4b,
      0xbe0782b7, 0xbe0b3d87, 0xbc08da47, 0xbb19dd6f, 0x3c8ed92a, 0x3e6b59ad, 0x3dc403b8,
      0xbd878cec, 0xbda9aabf, 0xbd78162f, 0xbe0f7cf3, 0xbdeefadb, 0x3d14ebb1, 0xbd01495f,
      0xbd59f083, 0x3cf50e98, 0xbe11741a, 0xbc85e6f9, 0x3c5a4cd3, 0xbc6c5bcd, 0x3e2512d7,
      0x3e207936, 0xbdc04636, 0xbdfd54c8, 0xbbcd0557, 0x3d381e7b, 0xbdb56949},
     {0x17, 0x75, 0x8b, 0xc4, 0x66, 0x15, 0x0b, 0x22, 0x77, 0x8f, 0xc4,
      0x34, 0x22, 0x96, 0x59, 0x16, 0x86, 0xff, 0x21, 0x7a, 0x27},
     {0x3e6b59ad, 0x3e2512d7},
     {0xbe23d964, 0x00000000, 0x00000000, 0xbd2df228, 0x3c95d57f, 0x3d9f0e91, 0x3dcf7140,
      0xbd85e301, 0xbcab6de2, 0xbcab6de2, 0xbe23d964, 0xbd2df228, 0xbe6b59ad, 0x3d9f0e91,
      0xbdf726f6, 0xbdf726f6, 0x00000000, 0x00000000, 0x3c95d57f, 0x3e6b59ad, 0x3dcf7140,
      0xbd85e301, 0xbdb9e34d, 0xbd85e301, 0xbdf726f6, 0xbdf726f6, 0x3d177ff8, 0xbcab6de2,
      0xbd2df228, 0x3d177ff8, 0xbe23d964, 0xbcab6de2, 0x3c522f8a, 0xbc707ab4, 0x3e2512d7,
      0x3e2512d7, 0xbdad59f5, 0xbde5d89a, 0x00000000, 0x3d2281ae, 0xbdad59f5}},
    {Bnb4Kind::fp4,
     {0x3d754f38, 0x00000000, 0x80000000, 0xbd169862, 0xbdb4abb1, 0x3d5fa583, 0x3c735280,
      0xbe673268, 0x3d20757e, 0x3d98fb4f, 0x3e0d49e7, 0x3e03dcce, 0x3db1db2b, 0xbe0d8981,
      0xbdc544eb, 0xbd233570, 0x3e34fde2, 0xbc084c27, 0x3d505dab, 0x3de4ed88, 0x3de721a3,
      0x3c67feb8, 0xbd5f91b0, 0xbd5be1ea, 0xbe1d583a, 0x3d80326f, 0x3c14c6f4, 0xbd700202,
      0xbd4888e6, 0x3d8307d3, 0x3d799d8a, 0xbd1d37a7, 0xbcdb292b, 0xbdf7f21a, 0x3d4fba1d,
      0xbd30904c, 0x3d7b309d, 0x3ce7dad5, 0x3df2c7d5, 0xbe04e95d, 0xbda13a9f},
     {0x70, 0x0e, 0xc7, 0x1b, 0x64, 0x25, 0x4a, 0xde, 0x29, 0x75, 0x51,
      0xff, 0xa7, 0x1f, 0xf7, 0x7e, 0xeb, 0x4c, 0x57, 0x3b, 0xa0},
     {0x3e673268, 0x3e04e95d},
     {0x3d673268, 0x00000000, 0x00000000, 0xbd1a219b, 0xbd9a219b, 0x3d673268, 0x3a9a219b,
      0xbe673268, 0x3d1a219b, 0x3d9a219b, 0x3e1a219b, 0x3de73268, 0x3d9a219b, 0xbe1a219b,
      0xbde73268, 0xbd1a219b, 0x3e1a219b, 0xba9a219b, 0x3d673268, 0x3de73268, 0x3de73268,
      0x3a9a219b, 0xbd673268, 0xbd673268, 0xbe1a219b, 0x3d673268, 0x3a9a219b, 0xbd673268,
      0xbd673268, 0x3d673268, 0x3d673268, 0xbd1a219b, 0xbcb13727, 0xbe04e95d, 0x3d313727,
      0xbd313727, 0x3d84e95d, 0x3d04e95d, 0x3e04e95d, 0xbe04e95d, 0xbdb13727}},
};

TEST(Bnb4, DoesAsBitsandbytesDoes) {
  for (const Reference& reference : references) {
    const Floats values = from_bits(reference.values);
    Floats absmax(2);
    bnb4_absmax(values.data(), 32, 41, absmax.data());
    expect_same_bits(absmax, from_bits(reference.absmax));
    Bytes codes(21);
    encode_bnb4(reference.kind, values.data(), absmax.data(), 32, 41, codes.data());
    EXPECT_EQ(codes, reference.codes);
    Floats decoded(41);
    decode_bnb4(codes.data(), bnb4_map(reference.kind).data(), absmax.data(), 32, 0, 41,
                decoded.data());
    expect_same_bits(decoded, from_bits(reference.decoded));
  }
}

TEST(Bnb4, MapsHaveTheStoredBits) {
  const Bits nf4 = {0xbf800000, 0xbf3239b1, 0xbf066b30, 0xbeca32a0, 0xbe91a24d, 0xbe3d353f,
                    0xbdba7871, 0x00000000, 0x3da2faff, 0x3e24cae3, 0x3e7c04dd, 0x3ead033a,
                    0x3ee1a4b8, 0x3f1007ab, 0x3f3913b3, 0x3f800000};
  const Bits fp4 = {0x00000000, 0x3baaaaab, 0x3f2aaaab, 0x3f800000, 0x3eaaaaab, 0x3f000000,
                    0x3e2aaaab, 0x3e800000, 0x00000000, 0xbbaaaaab, 0xbf2aaaab, 0xbf800000,
                    0xbeaaaaab, 0xbf000000, 0xbe2aaaab, 0xbe800000};
  const auto& stored_nf4 = bnb4_map(Bnb4Kind::nf4);
  const auto& stored_fp4 = bnb4_map(Bnb4Kind::fp4);
  expect_same_bits(Floats(stored_nf4.begin(), stored_nf4.end()), from_bits(nf4));
  expect_same_bits(Floats(stored_fp4.begin(), stored_fp4.end()), from_bits(fp4));
}

}  // namespace
}  // namespace inarch::bnb4_test
