#include "runtime/kernels/between.h"

#include <algorithm>
#include <array>
#include <bit>

#include "runtime/kernels/multiversion.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace inarch {

namespace {

constexpr std::uint32_t all_but_sign = 0x7fffffffU;
constexpr std::int64_t marked_block = 1024;
using Marks = std::array<std::uint64_t, static_cast<std::size_t>(marked_block / 8)>;

void add_one(float value, std::uint32_t place, Between& so_far) {
  if (so_far.found < static_cast<std::int64_t>(so_far.room.size())) {
    const std::uint64_t magnitude = std::bit_cast<std::uint32_t>(value) & all_but_sign;
    so_far.room[static_cast<std::size_t>(so_far.found)] = magnitude << 32 | ~place;
  }
  ++so_far.found;
}

/// Marks what lies in the range, a byte each, and counts what lies above it.
INARCH_MULTIVERSION
std::int64_t mark_between(const float* values, std::uint32_t low, std::uint32_t high,
                          std::int64_t n, std::uint8_t* __restrict marks) {
  std::int32_t above = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(values[i]) & all_but_sign;
    above += bits >= high ? 1 : 0;
    marks[i] = static_cast<std::uint8_t>((bits >= low ? 1 : 0) & (bits < high ? 1 : 0));
  }
  return above;
}

/// Calls visit(i) for every mark, eight at a time where there is none.
template <typename Visit>
void for_marks(const Marks& marks, std::int64_t n, const Visit& visit) {
  for (std::size_t word = 0; static_cast<std::int64_t>(8 * word) < n; ++word) {
    for (std::uint64_t rest = marks[word]; rest != 0; rest &= rest - 1)
      visit(static_cast<std::int64_t>(8 * word) + std::countr_zero(rest) / 8);
  }
}

void add_plain(const float* values, std::int64_t n, std::uint32_t place, Between& so_far) {
  Marks marks;
  for (std::int64_t at = 0; at < n; at += marked_block) {
    const std::int64_t count = std::min(marked_block, n - at);
    if (count < marked_block) marks.fill(0);
    so_far.above += mark_between(values + at, so_far.low, so_far.high, count,
                                 static_cast<std::uint8_t*>(static_cast<void*>(marks.data())));
    for_marks(marks, count, [&](std::int64_t i) {
      add_one(values[at + i], place + static_cast<std::uint32_t>(at + i), so_far);
    });
  }
}

#if defined(__x86_64__)

// The unmasked forms start from a register that GCC 12 reports as uninitialised.
constexpr __mmask8 half_lanes = 0xff;

/// Eight of the candidates.
[[gnu::always_inline]] __attribute__((target("avx512f"))) inline void store_eight(
    __m256i magnitudes, __m256i places, std::uint64_t* room) {
  const __m512i high =
      _mm512_maskz_slli_epi64(half_lanes, _mm512_maskz_cvtepu32_epi64(half_lanes, magnitudes), 32);
  const __m512i low = _mm512_maskz_cvtepu32_epi64(half_lanes, places);
  _mm512_storeu_si512(room, _mm512_or_si512(high, low));
}

__attribute__((target("avx512f,popcnt"))) void add_avx512(const float* values, std::int64_t n,
                                                          std::uint32_t place, Between& so_far) {
  const __m512i low = _mm512_set1_epi32(static_cast<int>(so_far.low));
  const __m512i high = _mm512_set1_epi32(static_cast<int>(so_far.high));
  const __m512i sign = _mm512_set1_epi32(static_cast<int>(all_but_sign));
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const std::int64_t room = static_cast<std::int64_t>(so_far.room.size()) - 16;
  std::int64_t i = 0, above = 0, found = so_far.found;
  for (; i + 16 <= n && found <= room; i += 16) {
    const __m512i bits = _mm512_and_si512(_mm512_loadu_si512(values + i), sign);
    const __mmask16 over = _mm512_cmpge_epu32_mask(bits, high);
    const auto in = static_cast<__mmask16>(_mm512_cmpge_epu32_mask(bits, low) & ~over);
    above += std::popcount(static_cast<std::uint32_t>(over));
    const int count = std::popcount(static_cast<std::uint32_t>(in));
    const auto first = ~(place + static_cast<std::uint32_t>(i));
    const __m512i places = _mm512_maskz_compress_epi32(
        in, _mm512_sub_epi32(_mm512_set1_epi32(static_cast<int>(first)), lanes));
    const __m512i magnitudes = _mm512_maskz_compress_epi32(in, bits);
    store_eight(_mm512_maskz_extracti64x4_epi64(half_lanes, magnitudes, 0),
                _mm512_maskz_extracti64x4_epi64(half_lanes, places, 0), so_far.room.data() + found);
    if (count > 8) {
      store_eight(_mm512_maskz_extracti64x4_epi64(half_lanes, magnitudes, 1),
                  _mm512_maskz_extracti64x4_epi64(half_lanes, places, 1),
                  so_far.room.data() + found + 8);
    }
    found += count;
  }
  so_far.above += above;
  so_far.found = found;
  add_plain(values + i, n - i, place + static_cast<std::uint32_t>(i), so_far);
}

bool has_compression() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("popcnt") != 0;
}

#endif

}  // namespace

std::span<const BetweenPath> between_paths() {
#if defined(__x86_64__)
  static const std::array<BetweenPath, 2> paths = {
      {{"avx512", has_compression(), add_avx512}, {"plain", true, add_plain}}};
#else
  static const std::array<BetweenPath, 1> paths = {{{"plain", true, add_plain}}};
#endif
  return paths;
}

const BetweenPath& between_path() {
  static const BetweenPath& fastest = []() -> const BetweenPath& {
    for (const BetweenPath& path : between_paths()) {
      if (path.supported) return path;
    }
    return between_paths().back();
  }();
  return fastest;
}

}  // namespace inarch
