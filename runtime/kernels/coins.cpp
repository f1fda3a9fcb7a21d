#include "runtime/kernels/coins.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "runtime/kernels/multiversion.h"
#include "runtime/kernels/philox.h"
#include "runtime/kernels/random.h"

namespace inarch {

namespace {

constexpr std::int64_t block_coins = 4;
constexpr std::int64_t batch_blocks = 64;
constexpr std::int64_t batch_coins = block_coins * batch_blocks;

/// Word w of block b of the batch at [w · batch_blocks + b], so that blocks are a vector's lanes.
INARCH_MULTIVERSION
void scramble_batch(std::uint64_t seed, std::uint64_t stream, std::uint64_t block,
                    std::uint32_t* words) {
  std::uint32_t* const w0 = words;
  std::uint32_t* const w1 = words + batch_blocks;
  std::uint32_t* const w2 = words + 2 * batch_blocks;
  std::uint32_t* const w3 = words + 3 * batch_blocks;
  for (std::int64_t b = 0; b < batch_blocks; ++b) {
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
void in_order(const std::uint32_t* words, std::uint32_t* coins) {
  for (std::int64_t b = 0; b < batch_blocks; ++b) {
    for (std::int64_t w = 0; w < block_coins; ++w)
      coins[block_coins * b + w] = words[w * batch_blocks + b];
  }
}

constexpr std::int64_t batch_halves = 2 * batch_coins;

/// How many are neither below the limit nor above it.
template <typename T>
[[gnu::always_inline]] inline std::int32_t keep_half_loop(const std::uint16_t* halves,
                                                          std::int32_t limit, std::int64_t n,
                                                          T* __restrict values) {
  std::int32_t open = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    open += halves[i] == limit ? 1 : 0;
    values[i] = halves[i] <= limit ? values[i] : T{0};
  }
  return open;
}
INARCH_MULTIVERSION
std::int32_t keep_up_to(const std::uint16_t* halves, std::int32_t limit, std::int64_t n,
                        float* values) {
  return keep_half_loop(halves, limit, n, values);
}
INARCH_MULTIVERSION
std::int32_t keep_up_to(const std::uint16_t* halves, std::int32_t limit, std::int64_t n,
                        double* values) {
  return keep_half_loop(halves, limit, n, values);
}

template <typename T>
void keep_values_at_random(std::uint64_t seed, std::string_view key, double probability,
                           std::int64_t first, std::int64_t n, T* values) {
  const double scaled = std::clamp(probability, 0.0, 1.0) * 65536.0;
  if (scaled >= 65536.0) return;
  const auto limit = static_cast<std::int32_t>(scaled);
  const double rest = scaled - limit;
  const std::uint64_t stream = ~stream_of(key);
  const std::string more = std::string(key) + '+';
  std::array<std::uint32_t, batch_coins> words;
  std::array<std::uint32_t, batch_coins> drawn;
  std::array<std::uint16_t, batch_halves> halves;
  for (std::int64_t at = 0; at < n;) {
    const std::int64_t skip = (first + at) % (2 * block_coins);
    const std::int64_t count = std::min(batch_halves - skip, n - at);
    scramble_batch(seed, stream, static_cast<std::uint64_t>((first + at) / (2 * block_coins)),
                   words.data());
    in_order(words.data(), drawn.data());
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(halves.data(), drawn.data(), sizeof(halves));
    const std::uint16_t* const own = halves.data() + skip;
    std::int32_t open = keep_up_to(own, limit, count, values + at);
    for (std::int64_t i = 0; open > 0; ++i) {
      if (own[i] != limit) continue;
      --open;
      std::uint32_t coin = 0;
      draw_coins(seed, more, first + at + i, 1, &coin);
      if (!coin_keeps(coin, rest)) values[at + i] = T{0};
    }
    at += count;
  }
}

}  // namespace

void draw_coins(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                std::uint32_t* coins) {
  const std::uint64_t stream = ~stream_of(key);
  std::array<std::uint32_t, batch_coins> words;
  std::array<std::uint32_t, batch_coins> drawn;
  for (std::int64_t at = 0; at < n;) {
    const std::int64_t skip = (first + at) % block_coins;
    const std::int64_t count = std::min(batch_coins - skip, n - at);
    scramble_batch(seed, stream, static_cast<std::uint64_t>((first + at) / block_coins),
                   words.data());
    in_order(words.data(), drawn.data());
    std::copy_n(drawn.data() + skip, count, coins + at);
    at += count;
  }
}

void keep_at_random(std::uint64_t seed, std::string_view key, double probability,
                    std::int64_t first, std::int64_t n, float* values) {
  keep_values_at_random(seed, key, probability, first, n, values);
}
void keep_at_random(std::uint64_t seed, std::string_view key, double probability,
                    std::int64_t first, std::int64_t n, double* values) {
  keep_values_at_random(seed, key, probability, first, n, values);
}

}  // namespace inarch
