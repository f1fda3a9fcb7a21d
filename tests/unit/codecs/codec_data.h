#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace inarch {

using Bytes = std::vector<unsigned char>;
using Floats = std::vector<float>;
using Bits = std::vector<std::uint32_t>;

inline std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

inline Bytes random_bytes(std::int64_t n, unsigned seed) {
  std::mt19937 bits(seed);
  Bytes bytes(at(n));
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(bits());
  return bytes;
}

/// Scales: most of them ordinary, the rest zero, subnormal, large, infinite or NaN.
inline Floats random_scales(std::int64_t n, unsigned seed) {
  std::mt19937 bits(seed);
  std::uniform_real_distribution<float> uniform(1e-3F, 2.0F);
  constexpr float odd[] = {0.0F, 3e-41F, 1e38F, -0.7F, INFINITY, NAN};
  Floats scales(at(n));
  for (float& scale : scales) scale = bits() % 8 == 0 ? odd[bits() % 6] : uniform(bits);
  return scales;
}

inline Floats random_normals(std::int64_t n, unsigned seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal(0, 0.02F);
  Floats values(at(n));
  for (float& value : values) value = normal(bits);
  return values;
}

/// Factors such as scales in F16 are: at most 11 digits.
inline Floats random_halves(std::int64_t n, unsigned seed) {
  std::mt19937 bits(seed);
  Floats values(at(n));
  for (float& value : values) {
    value =
        std::ldexp(static_cast<float>(1024 + bits() % 1024), -18 - static_cast<int>(bits() % 4));
  }
  return values;
}

inline Floats from_bits(const Bits& bits) {
  Floats values;
  for (const std::uint32_t pattern : bits) values.push_back(std::bit_cast<float>(pattern));
  return values;
}

/// Words as they lie in a file.
inline Bytes from_words(const Bits& words) {
  Bytes bytes;
  for (const std::uint32_t word : words) {
    for (int k = 0; k < 4; ++k) bytes.push_back(static_cast<unsigned char>(word >> 8 * k));
  }
  return bytes;
}

/// Code `index` of `bits` bits, the lowest first, of words that begin at byte `start`.
inline int packed_code(const Bytes& bytes, std::int64_t start, std::int64_t index, int bits) {
  int code = 0;
  for (int k = 0; k < bits; ++k) {
    const std::int64_t bit = index * bits + k;
    code |= (bytes[at(start + bit / 8)] >> bit % 8 & 1) << k;
  }
  return code;
}

/// A product that is exact in f64, rounded once; NaN as the decoders write it.
inline float rounded_product(double code, float scale) {
  const auto value = static_cast<float>(code * static_cast<double>(scale));
  return std::isnan(value) ? std::bit_cast<float>(0x7fc00000U) : value;
}

inline void expect_same_bits(const Floats& got, const Floats& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got[i]), std::bit_cast<std::uint32_t>(want[i]))
        << i << ": " << std::hexfloat << got[i] << " for " << want[i];
  }
}

}  // namespace inarch
