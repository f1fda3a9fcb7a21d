#include "runtime/kernels/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/kernels/small_float_oracle.h"

namespace inarch {
namespace {

constexpr DType narrow_types[] = {DType::bf16, DType::f16, DType::f8_e4m3, DType::f8_e5m2};
constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<unsigned char> as_bytes(DType dtype, const std::vector<std::uint32_t>& codes) {
  std::vector<unsigned char> stored;
  for (const std::uint32_t code : codes) {
    stored.push_back(static_cast<unsigned char>(code & 0xff));
    if (bytes(dtype) == 2) stored.push_back(static_cast<unsigned char>(code >> 8));
  }
  return stored;
}

std::vector<std::uint32_t> all_codes(DType dtype) {
  std::vector<std::uint32_t> codes(SmallFloatOracle(dtype).codes());
  for (std::uint32_t code = 0; code < codes.size(); ++code) codes[code] = code;
  return codes;
}

template <typename Value>
std::vector<std::uint32_t> encoded(DType dtype, const std::vector<Value>& values) {
  const auto width = static_cast<std::size_t>(bytes(dtype));
  std::vector<unsigned char> stored(values.size() * width);
  encode(dtype, values.data(), static_cast<std::int64_t>(values.size()), stored.data());
  std::vector<std::uint32_t> codes;
  for (std::size_t i = 0; i < stored.size(); i += width) {
    codes.push_back(width == 1 ? stored[i]
                               : stored[i] | static_cast<std::uint32_t>(stored[i + 1]) << 8);
  }
  return codes;
}

template <typename Value>
std::vector<Value> decoded(DType dtype, const std::vector<std::uint32_t>& codes) {
  const std::vector<unsigned char> stored = as_bytes(dtype, codes);
  std::vector<Value> values(codes.size());
  decode(dtype, stored.data(), static_cast<std::int64_t>(codes.size()), values.data());
  return values;
}

template <typename Value>
void expect_nearest(DType dtype, const std::vector<Value>& values) {
  const SmallFloatOracle oracle(dtype);
  const std::vector<std::uint32_t> codes = encoded(dtype, values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(codes[i], oracle.nearest(static_cast<double>(values[i])))
        << name(dtype) << " from " << std::hexfloat << values[i];
  }
}

TEST(Convert, DecodesEveryPattern) {
  for (const DType dtype : narrow_types) {
    const SmallFloatOracle oracle(dtype);
    const std::vector<std::uint32_t> codes = all_codes(dtype);
    const std::vector<float> singles = decoded<float>(dtype, codes);
    const std::vector<double> doubles = decoded<double>(dtype, codes);
    for (std::uint32_t code = 0; code < codes.size(); ++code) {
      const double want = oracle.value(code);
      const double single = static_cast<double>(singles[code]);
      if (std::isnan(want)) {
        ASSERT_TRUE(std::isnan(single) && std::isnan(doubles[code])) << name(dtype) << code;
      } else {
        ASSERT_EQ(single, want) << name(dtype) << code;
        ASSERT_EQ(doubles[code], want) << name(dtype) << code;
      }
      ASSERT_EQ(std::signbit(single), std::signbit(want)) << name(dtype) << code;
    }
  }
}

TEST(Convert, EveryNumberSurvivesARoundTrip) {
  for (const DType dtype : narrow_types) {
    const std::vector<std::uint32_t> codes = all_codes(dtype);
    std::vector<std::uint32_t> want = codes;
    const SmallFloatOracle oracle(dtype);
    for (std::uint32_t& code : want) {
      const bool infinite = std::isinf(oracle.value(code));
      // A signalling NaN becomes the quiet one with the same sign and payload.
      const std::uint32_t quiet = dtype == DType::bf16      ? 0x40U
                                  : dtype == DType::f16     ? 0x200U
                                  : dtype == DType::f8_e5m2 ? 2U
                                                            : 0U;
      if (std::isnan(oracle.value(code)) && !infinite) code |= quiet;
    }
    EXPECT_EQ(encoded(dtype, decoded<float>(dtype, codes)), want) << name(dtype);
    EXPECT_EQ(encoded(dtype, decoded<double>(dtype, codes)), want) << name(dtype);
  }
}

// Where rounding is decided: halfway between neighbours, and one step of the source to either side.
template <typename Value>
std::vector<Value> around_midpoints(const SmallFloatOracle& oracle) {
  std::vector<Value> values;
  std::vector<double> ladder = oracle.finite();
  ladder.push_back(oracle.beyond());
  constexpr Value far = std::numeric_limits<Value>::infinity();
  for (std::size_t i = 0; i + 1 < ladder.size(); ++i) {
    const auto middle = static_cast<Value>(ladder[i] + (ladder[i + 1] - ladder[i]) / 2);
    for (const Value value : {middle, std::nextafter(middle, -far), std::nextafter(middle, far)}) {
      values.push_back(value);
      values.push_back(-value);
    }
  }
  return values;
}

TEST(Convert, RoundsOnceToNearestEven) {
  for (const DType dtype : narrow_types) {
    const SmallFloatOracle oracle(dtype);
    expect_nearest(dtype, around_midpoints<float>(oracle));
    expect_nearest(dtype, around_midpoints<double>(oracle));
  }
}

TEST(Convert, RoundsAnyBitsLikeTheOracle) {
  std::mt19937_64 bits(1);
  std::vector<float> singles;
  std::vector<double> doubles;
  while (singles.size() < 100'000) {
    const auto single = std::bit_cast<float>(static_cast<std::uint32_t>(bits()));
    const auto wide = std::bit_cast<double>(bits());
    if (!std::isnan(single)) singles.push_back(single);
    if (std::isnan(wide)) continue;
    doubles.push_back(wide);
    if (!std::isnormal(wide)) continue;
    // The same digits, at a size that all types can hold.
    const int exponent = static_cast<int>(bits() % 80) - 60;
    doubles.push_back(std::ldexp(wide, exponent - std::ilogb(wide)));
  }
  for (const DType dtype : narrow_types) {
    expect_nearest(dtype, singles);
    expect_nearest(dtype, doubles);
  }
}

TEST(Convert, ADoubleDoesNotRoundTwice) {
  // 1 + 2^-8 is halfway between bf16 neighbours and would round down to 1; a hair above, as an f32
  // could not tell, it rounds up.
  const double above = 1.0 + 0x1p-8 + 0x1p-40;
  EXPECT_EQ(encoded(DType::bf16, std::vector<double>{above}), std::vector<std::uint32_t>{0x3f81});
  EXPECT_EQ(encoded(DType::bf16, std::vector<float>{static_cast<float>(above)}),
            std::vector<std::uint32_t>{0x3f80});
  EXPECT_EQ(encoded(DType::f16, std::vector<double>{1.0 + 0x1p-11 + 0x1p-50, 1e300, -1e-300}),
            (std::vector<std::uint32_t>{0x3c01, 0x7c00, 0x8000}));
}

TEST(Convert, NarrowsDoublesToSinglesAndBack) {
  const std::vector<double> values = {1.0 / 3, -0.0, 1e300, -infinity, 0x1p-149, 0x1p-151, 2.5};
  std::vector<float> singles(values.size());
  encode(DType::f32, values.data(), static_cast<std::int64_t>(values.size()), singles.data());
  std::vector<float> direct(values.size());
  decode(DType::f64, values.data(), static_cast<std::int64_t>(values.size()), direct.data());
  std::vector<double> stored(values.size());
  encode(DType::f64, singles.data(), static_cast<std::int64_t>(values.size()), stored.data());
  std::vector<double> widened(values.size());
  decode(DType::f32, singles.data(), static_cast<std::int64_t>(values.size()), widened.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto want = static_cast<float>(values[i]);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(singles[i]), std::bit_cast<std::uint32_t>(want));
    EXPECT_EQ(std::bit_cast<std::uint32_t>(direct[i]), std::bit_cast<std::uint32_t>(want));
    EXPECT_EQ(stored[i], static_cast<double>(want));
    EXPECT_EQ(widened[i], static_cast<double>(want));
  }
}

TEST(Convert, KeepsTheBitsOfTheSameType) {
  std::mt19937_64 bits(2);
  std::vector<std::uint64_t> patterns(999);
  for (std::uint64_t& pattern : patterns) pattern = bits() | 0x7ff0000000000000U;
  std::vector<double> values(patterns.size());
  std::vector<std::uint64_t> back(patterns.size());
  decode(DType::f64, patterns.data(), 999, values.data());
  encode(DType::f64, values.data(), 999, back.data());
  EXPECT_EQ(back, patterns);
  std::vector<float> halves(2 * patterns.size());
  decode(DType::f32, patterns.data(), 1998, halves.data());
  encode(DType::f32, halves.data(), 1998, back.data());
  EXPECT_EQ(back, patterns);
}

TEST(Convert, NaNStaysNaN) {
  const std::vector<std::uint32_t> patterns = {0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001,
                                               0x7fffffff, 0xffa00000, 0x7f801000, 0xffffffff};
  std::vector<float> singles;
  std::vector<double> doubles;
  for (const std::uint32_t pattern : patterns) {
    singles.push_back(std::bit_cast<float>(pattern));
    const std::uint64_t sign = std::uint64_t{pattern >> 31} << 63;
    const std::uint64_t payload = std::uint64_t{pattern & 0x7fffffU} << 29;
    doubles.push_back(std::bit_cast<double>(sign | 0x7ff0000000000001U | payload));
  }
  for (const DType dtype : narrow_types) {
    const SmallFloatOracle oracle(dtype);
    for (const auto& codes : {encoded(dtype, singles), encoded(dtype, doubles)}) {
      for (std::size_t i = 0; i < codes.size(); ++i) {
        EXPECT_TRUE(std::isnan(oracle.value(codes[i]))) << name(dtype) << i;
        EXPECT_EQ((codes[i] & oracle.sign_bit()) != 0, patterns[i] >> 31 == 1) << name(dtype) << i;
      }
    }
  }
}

// What torch 2.13 yields for the same casts.
TEST(Convert, AgreesWithTorchAtTheEdges) {
  const auto inf = static_cast<float>(infinity);
  EXPECT_EQ(
      encoded(DType::f8_e4m3,
              std::vector<float>{447, 448, 449, 456, 464, 465, 480, 1e10F, inf, -inf, -465, 0x1p-9F,
                                 0x1p-10F, 0x1.8p-9F, -0x1p-11F, -0.0F, 1.0625F, 1.1875F}),
      (std::vector<std::uint32_t>{0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0xfe, 0xfe,
                                  0x01, 0x00, 0x02, 0x80, 0x80, 0x38, 0x3a}));
  EXPECT_EQ(encoded(DType::f8_e5m2, std::vector<float>{57344, 61439, 61440, 65535, 65536, 1e10F,
                                                       inf, -inf, 0x1p-16F, 0x1p-17F, 0x1.8p-16F,
                                                       -0x1p-18F, 0.9375F * 0x1p-14F}),
            (std::vector<std::uint32_t>{0x7b, 0x7b, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, 0xfc, 0x01, 0x00,
                                        0x02, 0x80, 0x04}));
  EXPECT_EQ(encoded(DType::f16,
                    std::vector<float>{65504, 65519, 65520, inf, 0x1p-24F, 0x1p-25F, 0x1.8p-24F}),
            (std::vector<std::uint32_t>{0x7bff, 0x7bff, 0x7c00, 0x7c00, 0x0001, 0x0000, 0x0002}));
  EXPECT_EQ(encoded(DType::bf16,
                    std::vector<float>{65504, 3.3895e38F, 3.4e38F, inf, 0x1p-133F, 0x1p-134F}),
            (std::vector<std::uint32_t>{0x4780, 0x7f7f, 0x7f80, 0x7f80, 0x0001, 0x0000}));
}

template <typename Value>
void expect_rounding_in_place(DType dtype) {
  std::mt19937 generator(3);
  std::normal_distribution<double> normal(0, 3);
  std::vector<Value> values(2500);
  for (Value& value : values) value = static_cast<Value>(normal(generator));
  std::vector<Value> rounded = values;
  round_to(dtype, rounded.data(), 2500);
  const SmallFloatOracle oracle(dtype);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double want = oracle.value(oracle.nearest(static_cast<double>(values[i])));
    ASSERT_EQ(static_cast<double>(rounded[i]), want) << name(dtype);
  }
}

TEST(Convert, RoundsInPlace) {
  for (const DType dtype : narrow_types) {
    expect_rounding_in_place<float>(dtype);
    expect_rounding_in_place<double>(dtype);
  }
  double third = 1.0 / 3;
  round_to(DType::f64, &third, 1);
  EXPECT_EQ(third, 1.0 / 3);
  round_to(DType::f32, &third, 1);
  EXPECT_EQ(third, static_cast<double>(1.0F / 3.0F));
}

}  // namespace
}  // namespace inarch
