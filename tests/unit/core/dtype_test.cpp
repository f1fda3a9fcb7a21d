#include "compiler/core/dtype.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace inarch {
namespace {

TEST(DType, NamesReadBackAndAreUnique) {
  std::set<std::string_view> seen;
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_header(header_name(dtype)), dtype);
    EXPECT_EQ(dtype_from_recipe(name(dtype)), dtype);
    EXPECT_TRUE(seen.insert(header_name(dtype)).second) << header_name(dtype);
    EXPECT_TRUE(seen.insert(name(dtype)).second) << name(dtype);
  }
}

TEST(DType, WidthsFollowTheNames) {
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    const std::string header(header_name(dtype));
    const std::size_t digit = header.find_first_of("0123456789");
    const int named = digit == std::string::npos ? 8 : std::stoi(header.substr(digit));
    EXPECT_EQ(bits(dtype), named) << header;
  }
  EXPECT_EQ(bytes(DType::bf16), 2);
  EXPECT_EQ(bytes(DType::c64), 8);
}

TEST(DType, AcceptsTheLongNamesOfRecipesOnly) {
  EXPECT_EQ(dtype_from_recipe("bfloat16"), DType::bf16);
  EXPECT_EQ(dtype_from_recipe("float16"), DType::f16);
  EXPECT_EQ(dtype_from_recipe("float32"), DType::f32);
  EXPECT_EQ(dtype_from_recipe("float64"), DType::f64);
  EXPECT_EQ(dtype_from_recipe("BF16"), std::nullopt);
  EXPECT_EQ(dtype_from_recipe(""), std::nullopt);
  EXPECT_EQ(dtype_from_header("bf16"), std::nullopt);
  EXPECT_EQ(dtype_from_header("F8"), std::nullopt);
}

TEST(DType, ArithmeticIsOnFloatsOfWholeBytes) {
  int count = 0;
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    if (!is_arithmetic(dtype)) continue;
    ++count;
    EXPECT_TRUE(is_float(dtype)) << name(dtype);
    EXPECT_EQ(bits(dtype) % 8, 0) << name(dtype);
  }
  EXPECT_EQ(count, 6);
  EXPECT_FALSE(is_float(DType::i64));
  EXPECT_TRUE(is_float(DType::f4));
}

}  // namespace
}  // namespace inarch
