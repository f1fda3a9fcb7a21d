#include "runtime/kernels/transpose.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/kernels/bytes.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace inarch {

namespace {

constexpr std::int64_t cache_line = 64;
// Blocks side by side along the source's lines before the next lines: pages of the source are many.
constexpr std::int64_t band = 4;

template <typename T>
void transpose_plain(const unsigned char* source, std::int64_t source_stride, std::int64_t rows,
                     std::int64_t columns, unsigned char* target, std::int64_t target_stride) {
  constexpr std::int64_t width = sizeof(T);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      store(target + (r * target_stride + c) * width,
            load<T>(source + (c * source_stride + r) * width));
    }
  }
}

#if defined(__x86_64__)

template <typename T>
inline __m128i interleave_low(__m128i a, __m128i b) {
  if constexpr (sizeof(T) == 1) return _mm_unpacklo_epi8(a, b);
  if constexpr (sizeof(T) == 2) return _mm_unpacklo_epi16(a, b);
  if constexpr (sizeof(T) == 4) return _mm_unpacklo_epi32(a, b);
  if constexpr (sizeof(T) == 8) return _mm_unpacklo_epi64(a, b);
}

template <typename T>
inline __m128i interleave_high(__m128i a, __m128i b) {
  if constexpr (sizeof(T) == 1) return _mm_unpackhi_epi8(a, b);
  if constexpr (sizeof(T) == 2) return _mm_unpackhi_epi16(a, b);
  if constexpr (sizeof(T) == 4) return _mm_unpackhi_epi32(a, b);
  if constexpr (sizeof(T) == 8) return _mm_unpackhi_epi64(a, b);
}

// A square of one vector's lanes a side. Interleaving each register of the first half with its
// counterpart of the second rotates the bits of (row, lane) by one; after log2(lanes) rounds row
// and lane have changed places.
template <typename T>
inline void transpose_square(const unsigned char* source, std::int64_t source_pitch,
                             unsigned char* target, std::int64_t target_pitch) {
  constexpr std::size_t lanes = 16 / sizeof(T);
  __m128i v[lanes];
  __m128i w[lanes];
  for (std::size_t i = 0; i < lanes; ++i) {
    v[i] = _mm_loadu_si128(
        reinterpret_cast<const __m128i*>(source + static_cast<std::int64_t>(i) * source_pitch));
  }
  for (std::size_t round = 1; round < lanes; round *= 2) {
    for (std::size_t i = 0; i < lanes / 2; ++i) {
      w[2 * i] = interleave_low<T>(v[i], v[i + lanes / 2]);
      w[2 * i + 1] = interleave_high<T>(v[i], v[i + lanes / 2]);
    }
    for (std::size_t i = 0; i < lanes; ++i) v[i] = w[i];
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(target + static_cast<std::int64_t>(i) * target_pitch), v[i]);
  }
}

#else

template <typename T>
inline void transpose_square(const unsigned char* source, std::int64_t source_pitch,
                             unsigned char* target, std::int64_t target_pitch) {
  constexpr std::int64_t width = sizeof(T);
  transpose_plain<T>(source, source_pitch / width, 16 / width, 16 / width, target,
                     target_pitch / width);
}

#endif

// A block of one cache line a side goes through a buffer: strides that are powers of two map all
// its lines to few cache sets, so each line is touched once, whole, and never expected to stay.
template <typename T>
void transpose_block(const unsigned char* source, std::int64_t source_pitch, unsigned char* target,
                     std::int64_t target_pitch) {
  constexpr std::int64_t width = sizeof(T);
  constexpr std::int64_t side = cache_line / width;
  constexpr std::int64_t lanes = 16 / width;
  alignas(64) std::array<unsigned char, side * cache_line> staged;
  for (std::int64_t c = 0; c < side; ++c) {
    // Of the next block: its lines are too far apart for the processor to foresee. An address
    // beyond the source does no harm.
    __builtin_prefetch(source + (c + side) * source_pitch);
    std::memcpy(staged.data() + c * cache_line, source + c * source_pitch, cache_line);
  }
  for (std::int64_t r = 0; r < side; r += lanes) {
    for (std::int64_t c = 0; c < side; c += lanes) {
      transpose_square<T>(staged.data() + c * cache_line + r * width, cache_line,
                          target + r * target_pitch + c * width, target_pitch);
    }
  }
}

template <typename T>
void transpose_typed(const unsigned char* source, std::int64_t source_stride, std::int64_t rows,
                     std::int64_t columns, unsigned char* target, std::int64_t target_stride) {
  constexpr std::int64_t width = sizeof(T);
  constexpr std::int64_t side = cache_line / width;
  const auto from = [&](std::int64_t r, std::int64_t c) {
    return source + (c * source_stride + r) * width;
  };
  const auto to = [&](std::int64_t r, std::int64_t c) {
    return target + (r * target_stride + c) * width;
  };
  const std::int64_t whole_columns = columns - columns % side;
  std::int64_t r = 0;
  for (; r + side <= rows; r += band * side) {
    const std::int64_t blocks = std::min(band, (rows - r) / side);
    for (std::int64_t c = 0; c < whole_columns; c += side) {
      for (std::int64_t b = 0; b < blocks; ++b) {
        transpose_block<T>(from(r + b * side, c), source_stride * width, to(r + b * side, c),
                           target_stride * width);
      }
    }
  }
  r = rows - rows % side;
  transpose_plain<T>(from(0, whole_columns), source_stride, r, columns - whole_columns,
                     to(0, whole_columns), target_stride);
  transpose_plain<T>(from(r, 0), source_stride, rows - r, columns, to(r, 0), target_stride);
}

}  // namespace

void transpose_plane(const unsigned char* source, std::int64_t source_stride, std::int64_t rows,
                     std::int64_t columns, unsigned char* target, std::int64_t target_stride,
                     int width) {
  const auto run = [&]<typename T>(T) {
    transpose_typed<T>(source, source_stride, rows, columns, target, target_stride);
  };
  if (width == 1) run(std::uint8_t{});
  if (width == 2) run(std::uint16_t{});
  if (width == 4) run(std::uint32_t{});
  if (width == 8) run(std::uint64_t{});
}

}  // namespace inarch
