#include "runtime/kernels/bit_mask.h"

#include <array>
#include <cstring>

#include "runtime/kernels/bytes.h"
#include "runtime/kernels/multiversion.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "runtime/kernels/processor.h"
#endif

namespace inarch {

namespace {

bool bit_of(const std::uint8_t* mask, std::int64_t i) {
  return ((mask[i / 8] >> (i % 8)) & 1) != 0;
}

void set_bit(std::uint8_t* mask, std::int64_t i, bool on) {
  const auto bit = static_cast<std::uint8_t>(1U << (i % 8));
  mask[i / 8] = static_cast<std::uint8_t>(on ? mask[i / 8] | bit : mask[i / 8] & ~bit);
}

template <typename T>
[[gnu::always_inline]] inline void pack_loop(const T* values, std::int64_t bytes,
                                             std::uint8_t* __restrict mask) {
  for (std::int64_t b = 0; b < bytes; ++b) {
    unsigned byte = 0;
    for (unsigned j = 0; j < 8; ++j) byte |= (values[8 * b + j] != 0 ? 1U : 0U) << j;
    mask[b] = static_cast<std::uint8_t>(byte);
  }
}
/// For every byte of a mask, all ones where a value stays.
constexpr auto byte_masks = [] {
  std::array<std::array<std::int32_t, 8>, 256> masks{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (unsigned j = 0; j < 8; ++j) masks[byte][j] = ((byte >> j) & 1U) != 0 ? -1 : 0;
  }
  return masks;
}();

template <typename T, typename Bits>
[[gnu::always_inline]] inline void unpack_loop(const std::uint8_t* mask, std::int64_t bytes,
                                               T* values) {
  for (std::int64_t b = 0; b < bytes; ++b) {
    const std::array<std::int32_t, 8>& stays = byte_masks[mask[b]];
    std::array<Bits, 8> bits;
    std::memcpy(bits.data(), values + 8 * b, sizeof(bits));
    for (std::size_t j = 0; j < 8; ++j) bits[j] &= static_cast<Bits>(Bits{stays[j]});
    std::memcpy(values + 8 * b, bits.data(), sizeof(bits));
  }
}

INARCH_MULTIVERSION
void pack(const float* values, std::int64_t bytes, std::uint8_t* mask) {
  pack_loop(values, bytes, mask);
}
INARCH_MULTIVERSION
void pack(const double* values, std::int64_t bytes, std::uint8_t* mask) {
  pack_loop(values, bytes, mask);
}
INARCH_MULTIVERSION
void unpack_by_table(const std::uint8_t* mask, std::int64_t bytes, float* values) {
  unpack_loop<float, std::int32_t>(mask, bytes, values);
}

#if defined(__x86_64__)

/// A mask of sixteen bits is what these processors take.
__attribute__((target("avx512f"))) void unpack_avx512(const std::uint8_t* mask, std::int64_t bytes,
                                                      float* values) {
  std::int64_t b = 0;
  for (; b + 2 <= bytes; b += 2) {
    const auto stays = load<std::uint16_t>(mask + b);
    _mm512_storeu_ps(values + 8 * b, _mm512_maskz_loadu_ps(stays, values + 8 * b));
  }
  unpack_by_table(mask + b, bytes - b, values + 8 * b);
}

void unpack(const std::uint8_t* mask, std::int64_t bytes, float* values) {
  if (has_avx512()) return unpack_avx512(mask, bytes, values);
  unpack_by_table(mask, bytes, values);
}

#else

void unpack(const std::uint8_t* mask, std::int64_t bytes, float* values) {
  unpack_by_table(mask, bytes, values);
}

#endif

INARCH_MULTIVERSION
void unpack(const std::uint8_t* mask, std::int64_t bytes, double* values) {
  unpack_loop<double, std::int64_t>(mask, bytes, values);
}

/// One by one up to a whole byte and after the last, whole bytes between.
template <typename Each, typename Bytes>
void in_bytes(std::int64_t first, std::int64_t n, const Each& each, const Bytes& bytes) {
  std::int64_t i = 0;
  for (; i < n && (first + i) % 8 != 0; ++i) each(i);
  const std::int64_t whole = (n - i) / 8;
  if (whole > 0) bytes(i, whole);
  for (i += 8 * whole; i < n; ++i) each(i);
}

template <typename T>
void set_bits(const T* values, std::int64_t first, std::int64_t n, std::uint8_t* mask) {
  in_bytes(
      first, n, [&](std::int64_t i) { set_bit(mask, first + i, values[i] != 0); },
      [&](std::int64_t i, std::int64_t bytes) { pack(values + i, bytes, mask + (first + i) / 8); });
}

template <typename T>
void keep_bits(const std::uint8_t* mask, std::int64_t first, std::int64_t n, T* values) {
  in_bytes(
      first, n,
      [&](std::int64_t i) {
        if (!bit_of(mask, first + i)) values[i] = T{0};
      },
      [&](std::int64_t i, std::int64_t bytes) {
        unpack(mask + (first + i) / 8, bytes, values + i);
      });
}

}  // namespace

void set_mask(const float* values, std::int64_t first, std::int64_t n, std::uint8_t* mask) {
  set_bits(values, first, n, mask);
}
void set_mask(const double* values, std::int64_t first, std::int64_t n, std::uint8_t* mask) {
  set_bits(values, first, n, mask);
}
void copy_mask(const std::uint8_t* bits, std::int64_t first, std::int64_t n, std::uint8_t* mask) {
  const std::int64_t skip = first % 8;
  in_bytes(
      first, n, [&](std::int64_t i) { set_bit(mask, first + i, bit_of(bits, skip + i)); },
      [&](std::int64_t i, std::int64_t bytes) {
        std::memcpy(mask + (first + i) / 8, bits + (skip + i) / 8, static_cast<std::size_t>(bytes));
      });
}
void keep_masked(const std::uint8_t* mask, std::int64_t first, std::int64_t n, float* values) {
  keep_bits(mask, first, n, values);
}
void keep_masked(const std::uint8_t* mask, std::int64_t first, std::int64_t n, double* values) {
  keep_bits(mask, first, n, values);
}

}  // namespace inarch
