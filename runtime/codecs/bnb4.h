#pragma once

#include <array>
#include <cstdint>

namespace inarch {

/// The 4-bit formats of bitsandbytes (0.50): codes two a byte, the high half first, that stand for
/// the entries of a map; flat blocks of `blocksize` elements, which run on from row to row, each
/// scaled by its absmax. The last block may be short.

/// out = map[code] · absmax, rounded once, for the flat elements of [begin, begin + n). `map` has
/// 16 entries: the one in the file (`quant_map`). `packed` points at the byte of element `begin`,
/// which may be odd, `absmax` at that of its block. A NaN is 0x7fc00000.
void decode_bnb4(const unsigned char* packed, const float* map, const float* absmax,
                 std::int64_t blocksize, std::int64_t begin, std::int64_t n, float* out);

enum class Bnb4Kind : std::uint8_t { nf4, fp4 };

/// The map that bitsandbytes stores: for nf4 in ascending order, for fp4 in that of its codes.
const std::array<float, 16>& bnb4_map(Bnb4Kind kind);

/// Encoding takes values that begin with a whole block and end with one or with the tensor. It
/// does, operation for operation, what bitsandbytes does without a GPU: the codes are the same.

/// The largest |x| of each block, NaN if it has one. As there, a short last block has at least
/// 1e-38.
void bnb4_absmax(const float* values, std::int64_t blocksize, std::int64_t n, float* absmax);

/// The code whose map entry is nearest to value / absmax; halfway between two, the lower value.
/// The quotient is value · (1 / max(absmax, 1e-38)), but in a short last block a division. NaN
/// gets the code of the highest value. An odd n leaves the low half of the last byte as
/// bitsandbytes pads it, with the code of zero.
void encode_bnb4(Bnb4Kind kind, const float* values, const float* absmax, std::int64_t blocksize,
                 std::int64_t n, unsigned char* packed);

}  // namespace inarch
