#include "runtime/codecs/bnb4.h"

#include <algorithm>

#include "runtime/codecs/bnb_nested.h"
#include "runtime/codecs/magnitude.h"
#include "runtime/codecs/nibbles.h"
#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

constexpr std::int64_t chunk = 1024;  // codes on the stack; even

// Dettmers et al., "QLoRA" (2023), appendix E.
constexpr std::array<float, 16> nf4 = {-1.0F,        -0.69619280F, -0.52507305F,  -0.39491749F,
                                       -0.28444138F, -0.18477343F, -0.091050036F, 0.0F,
                                       0.079580300F, 0.16093020F,  0.24611230F,   0.33791524F,
                                       0.44070983F,  0.56261700F,  0.72295684F,   1.0F};
// Twelfths in the order of the codes.
constexpr std::array<float, 16> fp4 = {
    0.0F, 0.0625F / 12,  8.0F / 12,  1.0F,  4.0F / 12,  6.0F / 12,  2.0F / 12,  3.0F / 12,
    0.0F, -0.0625F / 12, -8.0F / 12, -1.0F, -4.0F / 12, -6.0F / 12, -2.0F / 12, -3.0F / 12};

constexpr std::array<unsigned char, 16> nf4_order = {0, 1, 2,  3,  4,  5,  6,  7,
                                                     8, 9, 10, 11, 12, 13, 14, 15};
// The codes of fp4 by ascending value. Of its two zeros, 0 is for zero and what is below.
constexpr std::array<unsigned char, 16> fp4_order = {11, 10, 13, 12, 15, 14, 9, 0,
                                                     8,  1,  6,  7,  4,  5,  2, 3};

struct Ladder {
  std::array<float, 15> midpoints;
  std::array<unsigned char, 16> codes;
};

constexpr Ladder make_ladder(const std::array<float, 16>& map,
                             const std::array<unsigned char, 16>& order) {
  Ladder ladder{};
  ladder.codes = order;
  for (std::size_t i = 0; i < 15; ++i) {
    ladder.midpoints[i] = (map[order[i]] + map[order[i + 1]]) / 2;
  }
  return ladder;
}

constexpr Ladder nf4_ladder = make_ladder(nf4, nf4_order);
constexpr Ladder fp4_ladder = make_ladder(fp4, fp4_order);

// The number of midpoints below each value; NaN is above all.
INARCH_MULTIVERSION
void climb(const float* __restrict scaled, std::int64_t n, const float* __restrict midpoints,
           unsigned char* __restrict rungs) {
  for (std::int64_t i = 0; i < n; ++i) {
    std::uint32_t missed = 0;
    for (int k = 0; k < 15; ++k) missed += scaled[i] <= midpoints[k] ? 1U : 0U;
    rungs[i] = static_cast<unsigned char>(15U - missed);
  }
}

INARCH_MULTIVERSION
void times(const float* __restrict values, std::int64_t n, float factor, float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = values[i] * factor;
}

INARCH_MULTIVERSION
void divided(const float* __restrict values, std::int64_t n, float by, float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = values[i] / by;
}

}  // namespace

const std::array<float, 16>& bnb4_map(Bnb4Kind kind) { return kind == Bnb4Kind::nf4 ? nf4 : fp4; }

void decode_bnb4(const unsigned char* packed, const float* map, const float* absmax,
                 std::int64_t blocksize, std::int64_t begin, std::int64_t n, float* out) {
  std::array<float, 16> values;
  std::copy_n(map, 16, values.begin());
  const NibblePairs pairs = nibble_pairs(values, NibbleOrder::high_first);
  decode_nibbles(pairs, packed, absmax, blocksize, begin, n, out);
}

void bnb4_absmax(const float* values, std::int64_t blocksize, std::int64_t n, float* absmax) {
  for (std::int64_t i = 0; i < n; i += blocksize) {
    const std::int64_t length = std::min(blocksize, n - i);
    const float magnitude = largest_magnitude(values + i, length);
    *absmax++ = length < blocksize ? bnb_divisor(magnitude) : magnitude;
  }
}

void encode_bnb4(Bnb4Kind kind, const float* values, const float* absmax, std::int64_t blocksize,
                 std::int64_t n, unsigned char* packed) {
  const Ladder& ladder = kind == Bnb4Kind::nf4 ? nf4_ladder : fp4_ladder;
  std::array<float, chunk> scaled;
  std::array<unsigned char, chunk> codes;
  const std::int64_t whole = n - n % blocksize;
  for (std::int64_t i = 0; i < n; i += chunk) {
    const std::int64_t count = std::min(chunk, n - i);
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t at = i + done;
      const std::int64_t run = std::min(blocksize - at % blocksize, count - done);
      const float divisor = bnb_divisor(absmax[at / blocksize]);
      float* to = scaled.data() + done;
      at < whole ? times(values + at, run, 1 / divisor, to)
                 : divided(values + at, run, divisor, to);
      done += run;
    }
    if (count % 2 == 1) scaled[static_cast<std::size_t>(count)] = 0;
    const std::int64_t padded = count + count % 2;
    climb(scaled.data(), padded, ladder.midpoints.data(), codes.data());
    for (std::int64_t k = 0; k < padded; ++k) {
      unsigned char& code = codes[static_cast<std::size_t>(k)];
      code = ladder.codes[code];
    }
    pack_nibbles(NibbleOrder::high_first, codes.data(), padded, packed + i / 2);
  }
}

}  // namespace inarch
