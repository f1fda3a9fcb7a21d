#include "runtime/kernels/thin_product.h"

#include <algorithm>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#include "runtime/kernels/processor.h"
#define INARCH_AVX512 __attribute__((target("avx512f")))
#define INARCH_AVX512_INLINE __attribute__((target("avx512f"), always_inline)) inline
#endif

namespace inarch {

namespace {

#if defined(__x86_64__) && defined(__GNUC__)

constexpr std::int64_t lanes = 16;
constexpr int most_vectors = 5;  // of a row of y, whose sums are in registers at a time

struct ThinProduct {
  const float* x;
  std::int64_t x_stride;
  const float* v;
  std::int64_t v_stride;
  float* y;
  std::int64_t y_stride;
};

/// Adds `depth` terms to `rows` times `vectors` · 16 sums. Element (i, p) of x is at x[p, i] when
/// it is seen transposed.
template <bool transposed, int rows, int vectors>
INARCH_AVX512_INLINE void add_tile(const ThinProduct& at, std::int64_t depth) {
  __m512 sums[rows][vectors];
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < vectors; ++j) sums[i][j] = _mm512_loadu_ps(at.y + i * at.y_stride + 16 * j);
  }
  for (std::int64_t p = 0; p < depth; ++p) {
    __m512 row[vectors];
#pragma GCC unroll 16
    for (int j = 0; j < vectors; ++j) row[j] = _mm512_loadu_ps(at.v + p * at.v_stride + 16 * j);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const __m512 x =
          _mm512_set1_ps(transposed ? at.x[p * at.x_stride + i] : at.x[i * at.x_stride + p]);
#pragma GCC unroll 16
      for (int j = 0; j < vectors; ++j) sums[i][j] = _mm512_fmadd_ps(x, row[j], sums[i][j]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < vectors; ++j) _mm512_storeu_ps(at.y + i * at.y_stride + 16 * j, sums[i][j]);
  }
}

/// Tiles of as many rows as leave registers for a row of v.
template <bool transposed, int vectors>
INARCH_AVX512 void add_rows(const ThinProduct& at, std::int64_t m, std::int64_t depth) {
  constexpr int rows = vectors == 5 ? 5 : 24 / std::max(vectors, 2);
  const std::int64_t x_step = transposed ? 1 : at.x_stride;
  ThinProduct tile = at;
  const auto move = [&](std::int64_t count) {
    tile.x += count * x_step;
    tile.y += count * tile.y_stride;
  };
  std::int64_t i = 0;
  for (; i + rows <= m; i += rows, move(rows)) add_tile<transposed, rows, vectors>(tile, depth);
  for (; i < m; ++i, move(1)) add_tile<transposed, 1, vectors>(tile, depth);
}

template <bool transposed>
void add_columns(ThinProduct at, std::int64_t m, std::int64_t n, std::int64_t depth) {
  for (std::int64_t left = n / lanes; left > 0;) {
    // Not five and one: four and two, six are three and three.
    const std::int64_t vectors = left == 6 ? 3 : left <= most_vectors ? left : 4;
    switch (vectors) {
      case 1:
        add_rows<transposed, 1>(at, m, depth);
        break;
      case 2:
        add_rows<transposed, 2>(at, m, depth);
        break;
      case 3:
        add_rows<transposed, 3>(at, m, depth);
        break;
      case 4:
        add_rows<transposed, 4>(at, m, depth);
        break;
      default:
        add_rows<transposed, 5>(at, m, depth);
        break;
    }
    left -= vectors;
    at.v += vectors * lanes;
    at.y += vectors * lanes;
  }
}

/// Portions of v that stay in the first cache, and of x that stay in the second while the columns
/// of y are gone through.
template <bool transposed>
void add_product(std::int64_t m, std::int64_t n, std::int64_t k, const ThinProduct& all) {
  const std::int64_t most_rows = transposed ? m : 240;
  const std::int64_t most_depth = transposed ? 64 : 128;
  for (std::int64_t i = 0; i < m; i += most_rows) {
    for (std::int64_t p = 0; p < k; p += most_depth) {
      ThinProduct part = all;
      part.x += transposed ? p * all.x_stride + i : i * all.x_stride + p;
      part.v += p * all.v_stride;
      part.y += i * all.y_stride;
      add_columns<transposed>(part, std::min(most_rows, m - i), n, std::min(most_depth, k - p));
    }
  }
}

bool try_without_packing(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<float> x,
                         const float* v, std::int64_t v_stride, float* y, std::int64_t y_stride) {
  if (n % lanes != 0 || !has_avx512()) return false;
  for (std::int64_t i = 0; i < m; ++i) std::fill_n(y + i * y_stride, n, 0.0F);
  const ThinProduct all = {x.data, x.stride, v, v_stride, y, y_stride};
  if (x.transposed) {
    add_product<true>(m, n, k, all);
  } else {
    add_product<false>(m, n, k, all);
  }
  return true;
}

#else

bool try_without_packing(std::int64_t, std::int64_t, std::int64_t, MatrixView<float>, const float*,
                         std::int64_t, float*, std::int64_t) {
  return false;
}

#endif

}  // namespace

void thin_product(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<float> x,
                  const float* v, std::int64_t v_stride, float* y, std::int64_t y_stride) {
  if (try_without_packing(m, n, k, x, v, v_stride, y, y_stride)) return;
  multiply(m, n, k, x, {v, v_stride}, ProductMode::set, y, y_stride);
}

}  // namespace inarch
