#include "runtime/kernels/coin_paths.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "runtime/kernels/bytes.h"
#include "runtime/kernels/multiversion.h"
#include "runtime/kernels/philox.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace inarch {

namespace {

/// Word w of block b of the batch at [w · coin_batch + b], so that blocks are a vector's lanes.
INARCH_MULTIVERSION
void scramble_batch(std::uint64_t seed, std::uint64_t stream, std::uint64_t block,
                    std::uint32_t* words) {
  std::uint32_t* const w0 = words;
  std::uint32_t* const w1 = words + coin_batch;
  std::uint32_t* const w2 = words + 2 * coin_batch;
  std::uint32_t* const w3 = words + 3 * coin_batch;
  for (std::int64_t b = 0; b < coin_batch; ++b) {
    const std::uint64_t counter = block + static_cast<std::uint64_t>(b);
    const auto drawn =
        philox4x32({static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
                    static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
                   {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
    w0[b] = drawn[0];
    w1[b] = drawn[1];
    w2[b] = drawn[2];
    w3[b] = drawn[3];
  }
}

INARCH_MULTIVERSION
void in_order(const std::uint32_t* words, std::uint32_t* ordered) {
  for (std::int64_t b = 0; b < coin_batch; ++b) {
    for (std::int64_t w = 0; w < 4; ++w) ordered[4 * b + w] = words[w * coin_batch + b];
  }
}

void draw_plain(std::uint64_t seed, std::uint64_t stream, std::uint64_t block,
                std::uint32_t* words) {
  std::array<std::uint32_t, static_cast<std::size_t>(4 * coin_batch)> scrambled;
  scramble_batch(seed, stream, block, scrambled.data());
  in_order(scrambled.data(), words);
}

/// A byte for each half, and how many equal the limit.
INARCH_MULTIVERSION
std::int32_t mark_up_to(const std::uint16_t* halves, std::uint16_t limit, std::int64_t n,
                        std::uint8_t* __restrict marks) {
  std::int32_t equal = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    marks[i] = halves[i] <= limit ? 1 : 0;
    equal += halves[i] == limit ? 1 : 0;
  }
  return equal;
}

std::int64_t compare_plain(const std::uint16_t* halves, std::uint16_t limit, std::int64_t bytes,
                           std::uint8_t* bits) {
  constexpr std::int64_t at_once = 32;
  constexpr std::uint64_t gather = 0x0102040810204080ULL;  // bit 8j to bit 56 + j
  std::array<std::uint8_t, static_cast<std::size_t>(8 * at_once)> marks;
  std::int64_t equal = 0;
  for (std::int64_t b = 0; b < bytes; b += at_once) {
    const std::int64_t count = std::min(at_once, bytes - b);
    equal += mark_up_to(halves + 8 * b, limit, 8 * count, marks.data());
    for (std::int64_t j = 0; j < count; ++j)
      bits[b + j] =
          static_cast<std::uint8_t>((load<std::uint64_t>(marks.data() + 8 * j) * gather) >> 56);
  }
  return equal;
}

#if defined(__x86_64__)

// The unmasked forms start from a register that GCC 12 reports as uninitialised.
constexpr __mmask8 eight_lanes = 0xff;

/// Eight blocks, one in each lane of 64 bits; of a lane only the lower half counts, which is what
/// multiplications take.
__attribute__((target("avx512f,avx512bw"))) void draw_avx512(std::uint64_t seed,
                                                             std::uint64_t stream,
                                                             std::uint64_t block,
                                                             std::uint32_t* words) {
  const auto all = [](std::uint64_t value) { return static_cast<long long>(value); };
  const __m512i m0 = _mm512_set1_epi64(0xD2511F53LL), m1 = _mm512_set1_epi64(0xCD9E8D57LL);
  const __m512i low = _mm512_set1_epi64(0xffffffffLL);
  const __m512i first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
  const __m512i second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
  const __m512i lanes = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
  for (std::uint64_t b = 0; b < static_cast<std::uint64_t>(coin_batch); b += 8) {
    __m512i c0 = _mm512_add_epi64(_mm512_set1_epi64(all(block + b)), lanes);
    __m512i c1 = _mm512_maskz_srli_epi64(eight_lanes, c0, 32);
    __m512i c2 = _mm512_set1_epi64(all(stream)), c3 = _mm512_set1_epi64(all(stream >> 32));
    std::uint32_t k0 = static_cast<std::uint32_t>(seed);
    std::uint32_t k1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      const __m512i p = _mm512_maskz_mul_epu32(eight_lanes, c0, m0);
      const __m512i q = _mm512_maskz_mul_epu32(eight_lanes, c2, m1);
      const __m512i q_high = _mm512_maskz_srli_epi64(eight_lanes, q, 32);
      const __m512i p_high = _mm512_maskz_srli_epi64(eight_lanes, p, 32);
      c0 = _mm512_xor_si512(_mm512_xor_si512(q_high, c1), _mm512_set1_epi64(k0));
      c2 = _mm512_xor_si512(_mm512_xor_si512(p_high, c3), _mm512_set1_epi64(k1));
      c1 = q;
      c3 = p;
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    const __m512i a =
        _mm512_or_si512(_mm512_and_si512(c0, low), _mm512_maskz_slli_epi64(eight_lanes, c1, 32));
    const __m512i z =
        _mm512_or_si512(_mm512_and_si512(c2, low), _mm512_maskz_slli_epi64(eight_lanes, c3, 32));
    _mm512_storeu_si512(words + 4 * b, _mm512_permutex2var_epi64(a, first, z));
    _mm512_storeu_si512(words + 4 * b + 16, _mm512_permutex2var_epi64(a, second, z));
  }
}

__attribute__((target("avx512f,avx512bw,popcnt"))) std::int64_t compare_avx512(
    const std::uint16_t* halves, std::uint16_t limit, std::int64_t bytes, std::uint8_t* bits) {
  const __m512i limits = _mm512_set1_epi16(static_cast<short>(limit));
  std::int64_t equal = 0, b = 0;
  for (; b + 4 <= bytes; b += 4) {
    const __m512i x = _mm512_loadu_si512(halves + 8 * b);
    const auto mask = static_cast<std::uint32_t>(_mm512_cmple_epu16_mask(x, limits));
    std::memcpy(bits + b, &mask, sizeof(mask));
    equal += std::popcount(static_cast<std::uint32_t>(_mm512_cmpeq_epu16_mask(x, limits)));
  }
  return equal + compare_plain(halves + 8 * b, limit, bytes - b, bits + b);
}

bool has_vectors() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("popcnt") != 0;
}

#endif

}  // namespace

std::span<const CoinPath> coin_paths() {
#if defined(__x86_64__)
  static const std::array<CoinPath, 2> paths = {{
      {"avx512", has_vectors(), draw_avx512, compare_avx512},
      {"plain", true, draw_plain, compare_plain},
  }};
#else
  static const std::array<CoinPath, 1> paths = {{{"plain", true, draw_plain, compare_plain}}};
#endif
  return paths;
}

const CoinPath& coin_path() {
  static const CoinPath& fastest = []() -> const CoinPath& {
    for (const CoinPath& path : coin_paths()) {
      if (path.supported) return path;
    }
    return coin_paths().back();
  }();
  return fastest;
}

}  // namespace inarch
