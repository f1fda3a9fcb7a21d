#pragma once

#include <cstdint>
#include <string_view>

namespace inarch {

/// Thinning out at random. What decides on element i depends on (seed, key, i) alone; the words are
/// those of the generator of random.h, in the stream of key's complement, so that coins and numbers
/// drawn under one key are independent.

/// Coins of 32 bits, word i mod 4 of block i / 4.
void draw_coins(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                std::uint32_t* coins);
/// Whether a coin keeps what stays with this probability.
inline bool coin_keeps(std::uint32_t coin, double probability) {
  return static_cast<double>(coin) < probability * 4294967296.0;
}

/// Element first + i, at values[i], stays with the probability and becomes 0 otherwise. Coins of 16
/// bits, half i mod 8 of block i / 8, low halves first; one in 65536, which is neither below the
/// probability nor above it, asks for 32 bits more, coin i of the key with a `+` behind it.
void keep_at_random(std::uint64_t seed, std::string_view key, double probability,
                    std::int64_t first, std::int64_t n, float* values);
void keep_at_random(std::uint64_t seed, std::string_view key, double probability,
                    std::int64_t first, std::int64_t n, double* values);
/// The same decisions as bits [first, first + n) of a mask (bit_mask.h).
void mask_at_random(std::uint64_t seed, std::string_view key, double probability,
                    std::int64_t first, std::int64_t n, std::uint8_t* mask);

}  // namespace inarch
