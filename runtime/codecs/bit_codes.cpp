#include "runtime/codecs/bit_codes.h"

#include <cstring>

#include "runtime/kernels/bytes.h"
#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

// Multiplying a byte by 1 + 2^k puts a copy k bits higher; what does not belong is masked away.
INARCH_MULTIVERSION
void spread_4(const unsigned char* __restrict packed, std::int64_t bytes,
              unsigned char* __restrict codes) {
  for (std::int64_t i = 0; i < bytes; ++i) {
    const std::uint32_t byte = packed[i];
    store(codes + 2 * i, static_cast<std::uint16_t>((byte | byte << 4) & 0x0f0fU));
  }
}

INARCH_MULTIVERSION
void spread_2(const unsigned char* __restrict packed, std::int64_t bytes,
              unsigned char* __restrict codes) {
  for (std::int64_t i = 0; i < bytes; ++i) {
    const std::uint32_t byte = packed[i];
    const std::uint32_t halves = (byte | byte << 12) & 0x000f000fU;
    store(codes + 4 * i, (halves | halves << 6) & 0x03030303U);
  }
}

// Eight codes in three bytes.
void spread_3(const unsigned char* packed, std::int64_t bytes, unsigned char* codes) {
  for (std::int64_t i = 0; i < bytes; i += 3) {
    std::uint32_t word = 0;
    for (std::int64_t k = 0; k < 3 && i + k < bytes; ++k) {
      word |= static_cast<std::uint32_t>(packed[i + k]) << (8 * k);
    }
    for (int k = 0; k < 8; ++k) *codes++ = static_cast<unsigned char>(word >> (3 * k) & 7U);
  }
}

}  // namespace

void spread_codes(int bits, const unsigned char* packed, std::int64_t n, unsigned char* codes) {
  const std::int64_t bytes = (n * bits + 7) / 8;
  if (bits == 2) spread_2(packed, bytes, codes);
  if (bits == 3) spread_3(packed, bytes, codes);
  if (bits == 4) spread_4(packed, bytes, codes);
  if (bits == 8) std::memcpy(codes, packed, static_cast<std::size_t>(bytes));
}

}  // namespace inarch
