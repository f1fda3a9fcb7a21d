#include "runtime/cli/stored_numbers.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace inarch {
namespace {

template <typename T>
std::vector<double> read(DType dtype, const std::vector<T>& stored) {
  EXPECT_TRUE(has_numbers(dtype));
  std::vector<double> numbers(stored.size());
  read_numbers(dtype, stored.data(), static_cast<std::int64_t>(stored.size()), numbers.data());
  return numbers;
}

template <typename T>
void expect_extremes(DType dtype) {
  const T least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
  EXPECT_EQ(read<T>(dtype, {0, 1, least, most}),
            (std::vector<double>{0, 1, static_cast<double>(least), static_cast<double>(most)}))
      << name(dtype);
}

TEST(StoredNumbers, ReadsIntegers) {
  expect_extremes<std::uint8_t>(DType::u8);
  expect_extremes<std::int8_t>(DType::i8);
  expect_extremes<std::int16_t>(DType::i16);
  expect_extremes<std::uint16_t>(DType::u16);
  expect_extremes<std::int32_t>(DType::i32);
  expect_extremes<std::uint32_t>(DType::u32);
  expect_extremes<std::int64_t>(DType::i64);
  expect_extremes<std::uint64_t>(DType::u64);
  EXPECT_EQ(read<std::uint8_t>(DType::boolean, {0, 1}), (std::vector<double>{0, 1}));
}

TEST(StoredNumbers, ReadsFloats) {
  EXPECT_EQ(read<std::uint16_t>(DType::bf16, {0x3F80, 0xC000}), (std::vector<double>{1, -2}));
  EXPECT_EQ(read<std::uint16_t>(DType::f16, {0x3C00, 0x0001}),
            (std::vector<double>{1, std::ldexp(1.0, -24)}));
  EXPECT_EQ(read<double>(DType::f64, {1e300}), std::vector<double>{1e300});
  EXPECT_EQ(read<std::uint8_t>(DType::f8_e4m3, {0x7E}), std::vector<double>{448});
}

TEST(StoredNumbers, ReadsExponents) {
  const auto x = read<std::uint8_t>(DType::f8_e8m0, {127, 0, 254, 255});
  EXPECT_EQ(x[0], 1);
  EXPECT_EQ(x[1], std::ldexp(1.0, -127));
  EXPECT_EQ(x[2], std::ldexp(1.0, 127));
  EXPECT_TRUE(std::isnan(x[3]));
}

TEST(StoredNumbers, PackedTypesHaveNone) {
  for (const DType dtype : {DType::f4, DType::f6_e2m3, DType::f6_e3m2, DType::c64,
                            DType::f8_e4m3fnuz, DType::f8_e5m2fnuz})
    EXPECT_FALSE(has_numbers(dtype)) << name(dtype);
}

}  // namespace
}  // namespace inarch
