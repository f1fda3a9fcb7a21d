#include "runtime/codecs/scaled_fp8.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "runtime/codecs/magnitude.h"
#include "runtime/codecs/product.h"
#include "runtime/kernels/convert.h"
#include "runtime/kernels/multiversion.h"
#include "runtime/kernels/small_float.h"

namespace inarch {

namespace {

float largest(DType code) { return code == DType::f8_e4m3 ? 448.0F : 57344.0F; }

INARCH_MULTIVERSION
void decode_e4m3_run(const unsigned char* __restrict codes, std::int64_t n, float scale,
                     float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = canonical_product(std::bit_cast<float>(Float8E4M3::decode(codes[i])), scale);
  }
}

INARCH_MULTIVERSION
void decode_e5m2_run(const unsigned char* __restrict codes, std::int64_t n, float scale,
                     float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = canonical_product(std::bit_cast<float>(Float8E5M2::decode(codes[i])), scale);
  }
}

INARCH_MULTIVERSION
void encode_e4m3_run(const float* __restrict values, std::int64_t n, float multiplier,
                     unsigned char* __restrict codes) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float scaled = canonical_product(values[i], multiplier);
    codes[i] = static_cast<unsigned char>(Float8E4M3::encode(std::bit_cast<std::uint32_t>(scaled)));
  }
}

INARCH_MULTIVERSION
void encode_e5m2_run(const float* __restrict values, std::int64_t n, float multiplier,
                     unsigned char* __restrict codes) {
  constexpr std::uint32_t limit = std::bit_cast<std::uint32_t>(57344.0F);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto scaled = std::bit_cast<std::uint32_t>(canonical_product(values[i], multiplier));
    const std::uint32_t magnitude = scaled & 0x7fffffffU;
    const std::uint32_t kept = magnitude > 0x7f800000U ? magnitude : std::min(magnitude, limit);
    codes[i] = static_cast<unsigned char>(Float8E5M2::encode(kept | (scaled & 0x80000000U)));
  }
}

INARCH_MULTIVERSION
void encode_quotients_run(const float* __restrict values, std::int64_t n, float scale,
                          unsigned char* __restrict codes) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float quotient = values[i] / scale;
    const auto pattern = std::bit_cast<std::uint32_t>(quotient);
    codes[i] = static_cast<unsigned char>(Float8E4M3::encode(pattern));
  }
}

/// Calls run(place in the grid, offset from begin, length) for each stretch of one row in one
/// block.
template <typename Run>
void for_each_run(const BlockGrid& grid, std::int64_t begin, std::int64_t n, const Run& run) {
  const std::int64_t columns = grid.columns;
  std::int64_t row = begin / columns;  // of all matrices
  std::int64_t column = begin % columns;
  for (std::int64_t done = 0; done < n; ++row, column = 0) {
    const std::int64_t block_row =
        row / grid.rows * grid.row_blocks() + row % grid.rows / grid.block_rows;
    std::int64_t block = block_row * grid.column_blocks() + column / grid.block_columns;
    const std::int64_t end = std::min(columns, column + n - done);
    while (column < end) {
      const std::int64_t next =
          std::min(end, (column / grid.block_columns + 1) * grid.block_columns);
      run(block++, done, next - column);
      done += next - column;
      column = next;
    }
  }
}

}  // namespace

void decode_scaled_fp8(DType code, const BlockGrid& grid, const unsigned char* codes,
                       const float* scales, std::int64_t begin, std::int64_t n, float* out) {
  const auto decode_run = code == DType::f8_e4m3 ? decode_e4m3_run : decode_e5m2_run;
  for_each_run(grid, begin, n, [&](std::int64_t block, std::int64_t offset, std::int64_t length) {
    decode_run(codes + offset, length, scales[block], out + offset);
  });
}

void block_magnitudes(const BlockGrid& grid, const float* values, std::int64_t begin,
                      std::int64_t n, float* magnitudes) {
  for_each_run(grid, begin, n, [&](std::int64_t block, std::int64_t offset, std::int64_t length) {
    const float both[] = {magnitudes[block], largest_magnitude(values + offset, length)};
    magnitudes[block] = largest_magnitude(both, 2);
  });
}

float fp8_multiplier(DType code, float magnitude) {
  if (!std::isfinite(magnitude)) return std::numeric_limits<float>::quiet_NaN();
  return magnitude > 0 ? std::min(1 / magnitude * largest(code), 0x1p127F) : 1.0F;
}

float fp8_power_of_two_scale(DType code, float magnitude) {
  return covering_power_of_two(magnitude, largest(code));
}

float fp8_dividing_scale(DType stored, float magnitude) {
  if (!std::isfinite(magnitude)) return std::numeric_limits<float>::quiet_NaN();
  float scale = magnitude / largest(DType::f8_e4m3);
  round_to(stored, &scale, 1);
  if (scale != 0) return scale;
  if (stored == DType::f32) return 0x1p-23F;
  return stored == DType::bf16 ? 0x1p-7F : 0x1p-10F;
}

void encode_divided_fp8(const BlockGrid& grid, const float* scales, std::int64_t begin,
                        std::int64_t n, const float* values, unsigned char* codes) {
  for_each_run(grid, begin, n, [&](std::int64_t block, std::int64_t offset, std::int64_t length) {
    encode_quotients_run(values + offset, length, scales[block], codes + offset);
  });
}

void encode_scaled_fp8(DType code, const BlockGrid& grid, const float* multipliers,
                       std::int64_t begin, std::int64_t n, const float* values,
                       unsigned char* codes) {
  const auto encode_run = code == DType::f8_e4m3 ? encode_e4m3_run : encode_e5m2_run;
  for_each_run(grid, begin, n, [&](std::int64_t block, std::int64_t offset, std::int64_t length) {
    encode_run(values + offset, length, multipliers[block], codes + offset);
  });
}

}  // namespace inarch
