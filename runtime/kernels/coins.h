#pragma once

#include <cstdint>
#include <string_view>

namespace inarch {

/// Thinning out at random. Element i's coin is a word of 32 bits that depends on (seed, key, i)
/// alone: word i mod 4 of block i / 4 of the generator of random.h, whose counters are those of the
/// stream of key's complement, so that coins and numbers drawn under one key are independent.
void draw_coins(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                std::uint32_t* coins);

/// values[i] stays when coins[i] < probability · 2^32 and becomes 0 otherwise.
void keep_by_coin(const std::uint32_t* coins, double probability, std::int64_t n, float* values);
void keep_by_coin(const std::uint32_t* coins, double probability, std::int64_t n, double* values);

/// Whether a coin keeps what stays with this probability.
inline bool coin_keeps(std::uint32_t coin, double probability) {
  return static_cast<double>(coin) < probability * 4294967296.0;
}

}  // namespace inarch
