#pragma once

#include <cstdint>

namespace inarch {

/// Unsigned codes of 2, 3, 4 or 8 bits, packed without gaps, the lowest bits first. Packed bytes
/// are those of little-endian words, so that a code may begin in one word and end in the next.

/// Codes 0 to n − 1, a byte each; reads ceil(n · bits / 8) bytes, and writes the codes of whole
/// groups of 8: `codes` has room for n rounded up to a multiple of 8.
void spread_codes(int bits, const unsigned char* packed, std::int64_t n, unsigned char* codes);

}  // namespace inarch
