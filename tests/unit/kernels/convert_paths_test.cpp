#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/kernels/convert.h"
#include "runtime/kernels/convert_loops.h"
#include "runtime/kernels/small_float.h"

namespace inarch {
namespace {

std::vector<float> many_floats() {
  std::mt19937 bits(4);
  std::vector<float> values;
  // Every sign, exponent and leading fraction bit of f16, each with endings that round differently.
  for (std::uint32_t top = 0; top < 1U << 18; ++top) {
    for (const std::uint32_t rest :
         {0U, 1U, 0x1fffU, 0x2000U, 0x3fffU & static_cast<std::uint32_t>(bits())}) {
      values.push_back(std::bit_cast<float>(top << 14 | rest));
    }
  }
  return values;
}

TEST(Float16Paths, DecodeTheSameBits) {
  std::vector<std::uint16_t> codes(65536);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint16_t>(i);
  const auto* stored = reinterpret_cast<const unsigned char*>(codes.data());
  for (const Float16Path& path : float16_paths()) {
    if (!path.supported) continue;
    std::vector<float> values(codes.size());
    path.decode(stored, 65536, values.data());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), Float16::decode(codes[i]))
          << path.name << " " << i;
    }
  }
}

TEST(Float16Paths, EncodeTheSameBits) {
  const std::vector<float> values = many_floats();
  const auto count = static_cast<std::int64_t>(values.size());
  for (const Float16Path& path : float16_paths()) {
    if (!path.supported) continue;
    std::vector<std::uint16_t> codes(values.size());
    path.encode(values.data(), count, reinterpret_cast<unsigned char*>(codes.data()));
    for (std::size_t i = 0; i < codes.size(); ++i) {
      ASSERT_EQ(codes[i], Float16::encode(std::bit_cast<std::uint32_t>(values[i])))
          << path.name << " " << std::hexfloat << values[i];
    }
  }
}

// Any length, from any address, and not one byte beyond the end.
TEST(Float16Paths, KeepToTheirBounds) {
  std::vector<float> values(70);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 35.5F;
  for (const Float16Path& path : float16_paths()) {
    if (!path.supported) continue;
    for (std::int64_t n = 0; n <= 65; ++n) {
      std::vector<unsigned char> stored(200, 0xaa);
      path.encode(values.data(), n, stored.data() + 1);
      const auto end = static_cast<std::size_t>(1 + 2 * n);
      EXPECT_EQ(stored[0], 0xaa);
      EXPECT_EQ(stored[end], 0xaa) << path.name << n;
      std::vector<float> back(values.size(), -1.0F);
      path.decode(stored.data() + 1, n, back.data());
      for (std::size_t i = 0; i < back.size(); ++i) {
        ASSERT_EQ(back[i], i < static_cast<std::size_t>(n) ? values[i] : -1.0F) << path.name << n;
      }
    }
  }
}

// Loops have a vector body and a remainder: an element's bits must not depend on its place.
TEST(Convert, AnElementDoesNotDependOnItsPlace) {
  const std::vector<float> values = many_floats();
  for (const DType dtype : {DType::bf16, DType::f16, DType::f8_e4m3, DType::f8_e5m2}) {
    const auto width = static_cast<std::size_t>(bytes(dtype));
    std::vector<unsigned char> all(values.size() * width);
    encode(dtype, values.data(), static_cast<std::int64_t>(values.size()), all.data());
    for (std::size_t i = 0; i < values.size(); i += 37) {
      unsigned char one[2] = {0, 0};
      encode(dtype, &values[i], 1, one);
      ASSERT_EQ(std::memcmp(one, all.data() + i * width, width), 0) << name(dtype) << i;
    }
  }
}

}  // namespace
}  // namespace inarch
