#include "runtime/codecs/e8m0.h"

#include <bit>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

constexpr std::uint32_t quiet_nan = 0x7fc00000;
constexpr std::uint32_t smallest = 0x00400000;  // 2^-127
constexpr unsigned char nan_code = 255;

}  // namespace

INARCH_MULTIVERSION
void decode_e8m0(const unsigned char* __restrict codes, std::int64_t n, float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t code = codes[i];
    std::uint32_t bits = code << 23;
    bits = code == 0 ? smallest : bits;
    bits = code == nan_code ? quiet_nan : bits;
    out[i] = std::bit_cast<float>(bits);
  }
}

bool encode_e8m0(const float* values, std::int64_t n, unsigned char* codes) {
  bool held = true;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(values[i]);
    const bool nan = (bits & 0x7fffffffU) > 0x7f800000U;
    const bool power = (bits & 0x807fffffU) == 0 && bits != 0 && bits != 0x7f800000U;
    codes[i] = power ? static_cast<unsigned char>(bits >> 23) : nan_code;
    if (bits == smallest) codes[i] = 0;
    held = held && (nan || power || bits == smallest);
  }
  return held;
}

}  // namespace inarch
