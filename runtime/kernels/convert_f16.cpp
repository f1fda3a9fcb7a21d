#include <array>
#include <bit>

#include "runtime/kernels/bytes.h"
#include "runtime/kernels/convert_loops.h"
#include "runtime/kernels/small_float.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include "runtime/kernels/processor.h"
#endif

namespace inarch {

namespace {

void decode_plain(const unsigned char* __restrict source, std::int64_t n,
                  float* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    target[i] = std::bit_cast<float>(Float16::decode(load<std::uint16_t>(source + 2 * i)));
  }
}

void encode_plain(const float* __restrict source, std::int64_t n,
                  unsigned char* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t code = Float16::encode(std::bit_cast<std::uint32_t>(source[i]));
    store(target + 2 * i, static_cast<std::uint16_t>(code));
  }
}

#if defined(__x86_64__)

constexpr int to_nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
// The unmasked intrinsics start from a register that GCC 12 reports as uninitialised.
constexpr __mmask16 all_lanes = 0xffff;

__attribute__((target("avx,f16c"))) void decode_f16c(const unsigned char* source, std::int64_t n,
                                                     float* target) {
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + 2 * i));
    _mm256_storeu_ps(target + i, _mm256_cvtph_ps(codes));
  }
  decode_plain(source + 2 * i, n - i, target + i);
}

__attribute__((target("avx,f16c"))) void encode_f16c(const float* source, std::int64_t n,
                                                     unsigned char* target) {
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128i codes = _mm256_cvtps_ph(_mm256_loadu_ps(source + i), to_nearest);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target + 2 * i), codes);
  }
  encode_plain(source + i, n - i, target + 2 * i);
}

__attribute__((target("avx512f"))) void decode_avx512(const unsigned char* source, std::int64_t n,
                                                      float* target) {
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source + 2 * i));
    _mm512_storeu_ps(target + i, _mm512_maskz_cvtph_ps(all_lanes, codes));
  }
  decode_plain(source + 2 * i, n - i, target + i);
}

__attribute__((target("avx512f"))) void encode_avx512(const float* source, std::int64_t n,
                                                      unsigned char* target) {
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i codes = _mm512_maskz_cvtps_ph(all_lanes, _mm512_loadu_ps(source + i), to_nearest);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(target + 2 * i), codes);
  }
  encode_plain(source + i, n - i, target + 2 * i);
}

// "avx" answers for the operating system too, which must save the registers; not every compiler's
// builtin knows "f16c".
bool has_f16c() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return false;
  return __builtin_cpu_supports("avx") != 0 && (c & bit_F16C) != 0;
}

#endif

}  // namespace

std::span<const Float16Path> float16_paths() {
#if defined(__x86_64__)
  static const std::array<Float16Path, 3> paths = {{
      {"avx512", has_avx512(), decode_avx512, encode_avx512},
      {"f16c", has_f16c(), decode_f16c, encode_f16c},
      {"plain", true, decode_plain, encode_plain},
  }};
#else
  static const std::array<Float16Path, 1> paths = {{{"plain", true, decode_plain, encode_plain}}};
#endif
  return paths;
}

const Float16Path& float16_path() {
  static const Float16Path& fastest = []() -> const Float16Path& {
    for (const Float16Path& path : float16_paths()) {
      if (path.supported) return path;
    }
    return float16_paths().back();
  }();
  return fastest;
}

}  // namespace inarch
