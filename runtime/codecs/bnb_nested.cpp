#include "runtime/codecs/bnb_nested.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "runtime/codecs/magnitude.h"

namespace inarch {

float bnb_divisor(float magnitude) { return magnitude < 1e-38F ? 1e-38F : magnitude; }

void decode_nested_absmax(const unsigned char* codes, const float* map256, const float* absmax2,
                          float offset, std::int64_t nested_block, std::int64_t begin,
                          std::int64_t n, float* out) {
  for (std::int64_t done = 0; done < n; ++absmax2) {
    const std::int64_t left = nested_block - (begin + done) % nested_block;
    for (const std::int64_t end = done + std::min(left, n - done); done < end; ++done) {
      const float scaled = map256[codes[done]] * *absmax2;
      out[done] = scaled + offset;
    }
  }
}

std::array<float, 256> bnb_dynamic_map() {
  std::array<float, 256> map{};
  std::size_t count = 0;
  int stretches = 1;
  for (const float weight : {1e-6F, 1e-5F, 1e-4F, 1e-3F, 1e-2F, 1e-1F, 1.0F}) {
    // The ends of equal stretches of [0.1, 1] as torch.linspace computes them: from both sides
    // towards the middle, each with one rounding.
    const int ends = stretches + 1;
    const float step = (1.0F - 0.1F) / static_cast<float>(ends - 1);
    const auto end = [&](int k) {
      if (k < ends / 2) return std::fma(step, static_cast<float>(k), 0.1F);
      return std::fma(-step, static_cast<float>(ends - 1 - k), 1.0F);
    };
    for (int k = 0; k + 1 < ends; ++k) {
      const float value = weight * ((end(k) + end(k + 1)) / 2);
      map[count++] = value;
      map[count++] = -value;
    }
    stretches *= 2;
  }
  map[count++] = 0;
  map[count++] = 1;
  std::sort(map.begin(), map.end());
  return map;
}

float nested_offset(const float* absmax, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(absmax[i]);
  return n > 0 ? static_cast<float>(sum / static_cast<double>(n)) : 0.0F;
}

void encode_nested_absmax(const float* absmax, float offset, const float* map256,
                          std::int64_t nested_block, std::int64_t n, float* absmax2,
                          unsigned char* codes) {
  std::array<float, 255> midpoints;
  for (std::size_t i = 0; i < midpoints.size(); ++i) midpoints[i] = (map256[i] + map256[i + 1]) / 2;
  for (std::int64_t begin = 0; begin < n; begin += nested_block) {
    const std::int64_t end = std::min(n, begin + nested_block);
    std::uint32_t top = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      top = std::max(top, absolute_pattern(absmax[i] - offset));
    }
    const bool whole = end - begin == nested_block;
    const auto magnitude = std::bit_cast<float>(top);
    const float divisor = bnb_divisor(magnitude);
    *absmax2++ = whole ? magnitude : divisor;
    for (std::int64_t i = begin; i < end; ++i) {
      const float difference = absmax[i] - offset;
      const float scaled =
          std::clamp(whole ? difference * (1 / divisor) : difference / divisor, -1.0F, 1.0F);
      const auto above = std::lower_bound(midpoints.begin(), midpoints.end(), scaled);
      codes[i] = static_cast<unsigned char>(above - midpoints.begin());
    }
  }
}

}  // namespace inarch
