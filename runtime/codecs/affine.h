#pragma once

#include <cstdint>

namespace inarch {

/// (code − zero) · scale, the difference exact and the product rounded once to f32; a NaN is
/// 0x7fc00000.
void decode_affine(const unsigned char* codes, std::int64_t n, float zero, float scale, float* out);
/// The same for the four bits at `shift` of each word.
void decode_affine_nibbles(const std::uint32_t* words, std::int64_t n, int shift, float zero,
                           float scale, float* out);

/// Whether 1 must be added to stored zero points. It is added to whole words, within 32 bits: what
/// was subtracted so comes back, even where a code went below zero and borrowed from the next.
/// GPTQModel has its constants for codes of 3 bits in the wrong order; it adds what it subtracted.
enum class StoredZeros : std::uint8_t { plain, less_one, less_one_by_gptqmodel };

/// Where the zero points of groups of inputs and rows of outputs are: the code of (group, output)
/// in words of which the one that holds bit b of the outputs of group g is number
/// g · group_stride + (b / 32) · word_stride, plus `added`. Without words it is `added` for all.
struct PackedZeros {
  const unsigned char* words = nullptr;
  std::int64_t group_stride = 0;
  std::int64_t word_stride = 0;
  int bits = 0;
  StoredZeros stored = StoredZeros::plain;
  float added = 0;

  float at(std::int64_t group, std::int64_t output) const;

 private:
  std::uint32_t word(std::int64_t group, std::int64_t index) const;
};

/// Scale and zero point of each group of inputs, for one output at a time.
struct AffineGroups {
  const float* scales = nullptr;
  std::int64_t group_stride = 0;   // of scales
  std::int64_t output_stride = 0;  // of scales
  PackedZeros zeros;
  std::int64_t count = 0;
  std::int64_t size = 0;                  // inputs in a group, where these run in order
  const std::int32_t* indices = nullptr;  // otherwise: the group of each input, below count

  float scale_at(std::int64_t group, std::int64_t output) const {
    return scales[group * group_stride + output * output_stride];
  }
};

/// Decodes the codes of inputs [first, first + n) of one output.
void decode_affine_groups(const AffineGroups& groups, std::int64_t output,
                          const unsigned char* codes, std::int64_t first, std::int64_t n,
                          float* out);

}  // namespace inarch
