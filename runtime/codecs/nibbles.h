#pragma once

#include <array>
#include <cstdint>

namespace inarch {

/// Which half of a byte holds the even element.
enum class NibbleOrder : std::uint8_t { low_first, high_first };

/// The two values of every byte. Looking up two at a time costs one load and one store, on any
/// processor; a vector of single look-ups would need gathers, which are slower.
using NibblePairs = std::array<std::array<float, 2>, 256>;

constexpr NibblePairs nibble_pairs(const std::array<float, 16>& map, NibbleOrder order) {
  NibblePairs pairs{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const std::size_t even = order == NibbleOrder::low_first ? byte & 15 : byte >> 4;
    const std::size_t odd = order == NibbleOrder::low_first ? byte >> 4 : byte & 15;
    pairs[byte] = {map[even], map[odd]};
  }
  return pairs;
}

/// out = value · scales[place / group] for the flat elements of [begin, begin + n), rounded once;
/// a NaN is 0x7fc00000. `packed` points at the byte of element `begin`, `scales` at the scale of
/// group begin / group. `begin` may be odd.
void decode_nibbles(const NibblePairs& pairs, const unsigned char* packed, const float* scales,
                    std::int64_t group, std::int64_t begin, std::int64_t n, float* out);

/// Packs n codes below 16, two a byte; the second half of a last byte that has only one is zero.
void pack_nibbles(NibbleOrder order, const unsigned char* codes, std::int64_t n,
                  unsigned char* packed);

}  // namespace inarch
