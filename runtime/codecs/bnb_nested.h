#pragma once

#include <array>
#include <cstdint>

namespace inarch {

/// The absmax values of bitsandbytes' 4-bit blocks where they are quantised themselves
/// (`bnb_4bit_use_double_quant`): bytes that stand for entries of a map of 256, in flat blocks of
/// `nested_block` (256 there), and an offset.

/// map256[code] · absmax2 + offset, each operation rounded to f32, for [begin, begin + n).
/// `map256` is the file's `nested_quant_map`; `codes` points at element `begin`, `absmax2` at the
/// scale of its block.
void decode_nested_absmax(const unsigned char* codes, const float* map256, const float* absmax2,
                          float offset, std::int64_t nested_block, std::int64_t begin,
                          std::int64_t n, float* out);

/// What bitsandbytes divides by in a block of this magnitude: at least 1e-38. NaN stays.
float bnb_divisor(float magnitude);

/// The map it quantises with: functional.create_dynamic_map(), 8 bits, signed, as torch computes
/// it on a processor with AVX2.
std::array<float, 256> bnb_dynamic_map();

/// The offset it takes off first: the mean, summed here in f64. bitsandbytes sums in f32, in an
/// order of its own: the last bits may differ.
float nested_offset(const float* absmax, std::int64_t n);

/// Quantises absmax − offset in blocks of `nested_block`, from the first to the tensor's last:
/// absmax2 gets the largest magnitude of each block, codes the entries of `map256`, which ascends,
/// nearest to the difference divided by it (as encode_bnb4 divides); halfway between two, the
/// lower. These are the codes of bitsandbytes' default backend. Its library for CPUs looks values
/// up in steps of 2^-15: one code in some 500 is the neighbour of the nearest.
void encode_nested_absmax(const float* absmax, float offset, const float* map256,
                          std::int64_t nested_block, std::int64_t n, float* absmax2,
                          unsigned char* codes);

}  // namespace inarch
