#include "runtime/codecs/affine.h"

#include <algorithm>
#include <array>

#include "runtime/codecs/product.h"
#include "runtime/kernels/bytes.h"
#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

// Scales and zero points of one output that are put side by side on the stack: 8 KiB.
constexpr std::int64_t collected = 1024;

// 1 in every code of 2, 3, 4 or 8 bits. Codes of 3 bits run on through three words.
std::uint32_t ones(int bits, std::int64_t word, StoredZeros stored) {
  if (bits == 2) return 0x55555555;
  if (bits == 4) return 0x11111111;
  if (bits == 8) return 0x01010101;
  constexpr std::array<std::uint32_t, 3> thirds = {0x49249249, 0x92492492, 0x24924924};
  const auto third = static_cast<std::size_t>(word % 3);
  return thirds[stored == StoredZeros::less_one_by_gptqmodel ? 2 - third : third];
}

// Look-ups by index: without vectors, for which they would become gathers.
void decode_indexed(const unsigned char* codes, std::int64_t n, const std::int32_t* indices,
                    const float* zeros, const float* scales, float* out) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int32_t group = indices[i];
    out[i] = canonical_product(static_cast<float>(codes[i]) - zeros[group], scales[group]);
  }
}

}  // namespace

INARCH_MULTIVERSION
void decode_affine(const unsigned char* __restrict codes, std::int64_t n, float zero, float scale,
                   float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = canonical_product(static_cast<float>(codes[i]) - zero, scale);
  }
}

INARCH_MULTIVERSION
void decode_affine_nibbles(const std::uint32_t* __restrict words, std::int64_t n, int shift,
                           float zero, float scale, float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) {
    const auto code = static_cast<std::int32_t>(words[i] >> shift & 15U);
    out[i] = canonical_product(static_cast<float>(code) - zero, scale);
  }
}

std::uint32_t PackedZeros::word(std::int64_t group, std::int64_t index) const {
  const std::int64_t place = group * group_stride + index * word_stride;
  const auto packed = load<std::uint32_t>(words + 4 * place);
  return stored == StoredZeros::plain ? packed : packed + ones(bits, index, stored);
}

float PackedZeros::at(std::int64_t group, std::int64_t output) const {
  if (words == nullptr) return added;
  const std::int64_t index = output * bits / 32;
  const auto shift = static_cast<int>(output * bits % 32);
  std::uint32_t code = word(group, index) >> shift;
  if (shift + bits > 32) code |= word(group, index + 1) << (32 - shift);
  return static_cast<float>(static_cast<std::int32_t>(code & ((1U << bits) - 1))) + added;
}

void decode_affine_groups(const AffineGroups& groups, std::int64_t output,
                          const unsigned char* codes, std::int64_t first, std::int64_t n,
                          float* out) {
  if (groups.indices == nullptr) {
    for (std::int64_t done = 0; done < n;) {
      const std::int64_t group = (first + done) / groups.size;
      const std::int64_t run = std::min((group + 1) * groups.size - first, n) - done;
      decode_affine(codes + done, run, groups.zeros.at(group, output),
                    groups.scale_at(group, output), out + done);
      done += run;
    }
    return;
  }
  const std::int32_t* indices = groups.indices + first;
  if (groups.count > collected) {
    for (std::int64_t i = 0; i < n; ++i) {
      decode_affine(codes + i, 1, groups.zeros.at(indices[i], output),
                    groups.scale_at(indices[i], output), out + i);
    }
    return;
  }
  std::array<float, collected> zeros;
  std::array<float, collected> scales;
  for (std::int64_t group = 0; group < groups.count; ++group) {
    const auto place = static_cast<std::size_t>(group);
    zeros[place] = groups.zeros.at(group, output);
    scales[place] = groups.scale_at(group, output);
  }
  decode_indexed(codes, n, indices, zeros.data(), scales.data(), out);
}

}  // namespace inarch
