#include "runtime/codecs/nibbles.h"

#include <algorithm>
#include <cstring>

#include "runtime/codecs/product.h"
#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

// Looked-up values on the stack, at home in the first-level cache.
constexpr std::int64_t chunk = 1024;

void look_up(const NibblePairs& pairs, const unsigned char* packed, std::int64_t bytes,
             float* values) {
  for (std::int64_t i = 0; i < bytes; ++i) {
    std::memcpy(values + 2 * i, pairs[packed[i]].data(), sizeof(pairs[0]));
  }
}

INARCH_MULTIVERSION
void scale_run(const float* __restrict values, std::int64_t n, float scale, float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = canonical_product(values[i], scale);
}

INARCH_MULTIVERSION
void pack_pairs(const unsigned char* __restrict codes, std::int64_t n, int even_shift,
                unsigned char* __restrict packed) {
  const int odd_shift = 4 - even_shift;
  for (std::int64_t i = 0; i < n; ++i) {
    const int byte = codes[2 * i] << even_shift | codes[2 * i + 1] << odd_shift;
    packed[i] = static_cast<unsigned char>(byte);
  }
}

}  // namespace

void decode_nibbles(const NibblePairs& pairs, const unsigned char* packed, const float* scales,
                    std::int64_t group, std::int64_t begin, std::int64_t n, float* out) {
  std::array<float, chunk> values;
  std::int64_t skipped = begin % 2;
  std::int64_t left_in_group = group - begin % group;
  while (n > 0) {
    const std::int64_t count = std::min(chunk - skipped, n);
    look_up(pairs, packed, (skipped + count + 1) / 2, values.data());
    packed += chunk / 2;
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t run = std::min(left_in_group, count - done);
      scale_run(values.data() + skipped + done, run, *scales, out + done);
      done += run;
      left_in_group -= run;
      if (left_in_group == 0) ++scales, left_in_group = group;
    }
    skipped = 0;
    out += count;
    n -= count;
  }
}

void pack_nibbles(NibbleOrder order, const unsigned char* codes, std::int64_t n,
                  unsigned char* packed) {
  const int even_shift = order == NibbleOrder::low_first ? 0 : 4;
  pack_pairs(codes, n / 2, even_shift, packed);
  if (n % 2 == 1) packed[n / 2] = static_cast<unsigned char>(codes[n - 1] << even_shift);
}

}  // namespace inarch
