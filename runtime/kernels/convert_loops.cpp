#include "runtime/kernels/convert_loops.h"

#include <bit>
#include <cmath>

#include "runtime/kernels/bytes.h"
#include "runtime/kernels/multiversion.h"
#include "runtime/kernels/small_float.h"

namespace inarch {

INARCH_MULTIVERSION
void decode_bf16(const unsigned char* __restrict source, std::int64_t n, float* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t code = load<std::uint16_t>(source + 2 * i);
    target[i] = std::bit_cast<float>(code << 16);
  }
}

INARCH_MULTIVERSION
void encode_bf16(const float* __restrict source, std::int64_t n, unsigned char* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t f32 = std::bit_cast<std::uint32_t>(source[i]);
    const std::uint32_t rounded = (f32 + 0x7fffU + ((f32 >> 16) & 1U)) >> 16;
    const std::uint32_t nan = (f32 >> 16) | 0x40U;
    const std::uint32_t code = (f32 & 0x7fffffffU) > 0x7f800000U ? nan : rounded;
    store(target + 2 * i, static_cast<std::uint16_t>(code));
  }
}

INARCH_MULTIVERSION
void decode_f8_e4m3(const unsigned char* __restrict source, std::int64_t n,
                    float* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    target[i] = std::bit_cast<float>(Float8E4M3::decode(source[i]));
  }
}

INARCH_MULTIVERSION
void encode_f8_e4m3(const float* __restrict source, std::int64_t n,
                    unsigned char* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    target[i] =
        static_cast<unsigned char>(Float8E4M3::encode(std::bit_cast<std::uint32_t>(source[i])));
  }
}

INARCH_MULTIVERSION
void decode_f8_e5m2(const unsigned char* __restrict source, std::int64_t n,
                    float* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    target[i] = std::bit_cast<float>(Float8E5M2::decode(source[i]));
  }
}

INARCH_MULTIVERSION
void encode_f8_e5m2(const float* __restrict source, std::int64_t n,
                    unsigned char* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    target[i] =
        static_cast<unsigned char>(Float8E5M2::encode(std::bit_cast<std::uint32_t>(source[i])));
  }
}

INARCH_MULTIVERSION
void widen(const unsigned char* __restrict source, std::int64_t n, double* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) target[i] = static_cast<double>(load<float>(source + 4 * i));
}

INARCH_MULTIVERSION
void narrow(const unsigned char* __restrict source, std::int64_t n, float* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) target[i] = static_cast<float>(load<double>(source + 8 * i));
}

INARCH_MULTIVERSION
void narrow(const double* __restrict source, std::int64_t n, unsigned char* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) store(target + 4 * i, static_cast<float>(source[i]));
}

INARCH_MULTIVERSION
void narrow_to_odd(const double* __restrict source, std::int64_t n, float* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float nearest = static_cast<float>(source[i]);
    const double back = static_cast<double>(nearest);
    // One step towards zero undoes rounding away from it; from infinity it leads to the largest
    // float.
    const std::uint32_t toward_zero =
        std::bit_cast<std::uint32_t>(nearest) - (std::fabs(back) > std::fabs(source[i]) ? 1U : 0U);
    const std::uint32_t inexact = back != source[i] ? 1U : 0U;
    target[i] = std::bit_cast<float>(toward_zero | inexact);
  }
}

}  // namespace inarch
