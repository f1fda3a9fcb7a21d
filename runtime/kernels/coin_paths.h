#pragma once

#include <cstdint>
#include <span>

namespace inarch {

/// One way to draw the words behind coins.h and to compare them; the ways differ in speed only.
struct CoinPath {
  const char* name;
  bool supported;  // by this processor
  /// Blocks [block, block + coin_batch) of the generator, 4 · coin_batch words in order.
  void (*draw)(std::uint64_t seed, std::uint64_t stream, std::uint64_t block, std::uint32_t* words);
  /// A bit for each of 8 · bytes halves, whether it is at most the limit, from the lowest bit of a
  /// byte on; returns how many equal it.
  std::int64_t (*compare)(const std::uint16_t* halves, std::uint16_t limit, std::int64_t bytes,
                          std::uint8_t* bits);
};
inline constexpr std::int64_t coin_batch = 64;

/// All ways, fastest first; the last is supported everywhere.
std::span<const CoinPath> coin_paths();
/// The fastest that this processor supports.
const CoinPath& coin_path();

}  // namespace inarch
