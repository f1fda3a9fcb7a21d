#include "runtime/kernels/random.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "runtime/kernels/multiversion.h"
#include "runtime/kernels/normal_quantile.h"
#include "runtime/kernels/philox.h"

namespace inarch {

namespace {

constexpr std::int64_t batch = quantile_batch;
using Batch = std::array<double, static_cast<std::size_t>(batch)>;

// 52 of 64 bits as a multiple of 2^-52 in [0, 1): as the fraction of a number in [1, 2).
inline double unit(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = (std::uint64_t{high} << 32) | low;
  return std::bit_cast<double>(std::uint64_t{0x3ff} << 52 | bits >> 12) - 1.0;
}

// One word of each of the blocks of a batch: words apart, so that blocks are a vector's lanes.
using Words = std::array<std::uint32_t, static_cast<std::size_t>(batch / 2)>;

INARCH_MULTIVERSION
void count_blocks(std::uint64_t stream, std::uint64_t block, Words& c0, Words& c1, Words& c2,
                  Words& c3) {
  for (std::size_t i = 0; i < c0.size(); ++i) {
    c0[i] = static_cast<std::uint32_t>(block + i);
    c1[i] = static_cast<std::uint32_t>((block + i) >> 32);
    c2[i] = static_cast<std::uint32_t>(stream);
    c3[i] = static_cast<std::uint32_t>(stream >> 32);
  }
}

INARCH_MULTIVERSION
void scramble(std::uint64_t seed, Words& c0, Words& c1, Words& c2, Words& c3) {
  for (std::size_t i = 0; i < c0.size(); ++i) {
    const auto words =
        philox4x32({c0[i], c1[i], c2[i], c3[i]},
                   {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
    c0[i] = words[0];
    c1[i] = words[1];
    c2[i] = words[2];
    c3[i] = words[3];
  }
}

INARCH_MULTIVERSION
void units(const Words& c0, const Words& c1, const Words& c2, const Words& c3, double* out) {
  for (std::size_t i = 0; i < c0.size(); ++i) {
    out[2 * i] = unit(c0[i], c1[i]);
    out[2 * i + 1] = unit(c2[i], c3[i]);
  }
}

// Elements 2·block to 2·block + batch.
void draw(std::uint64_t seed, std::uint64_t stream, std::uint64_t block, double* out) {
  Words c0;
  Words c1;
  Words c2;
  Words c3;
  count_blocks(stream, block, c0, c1, c2, c3);
  scramble(seed, c0, c1, c2, c3);
  units(c0, c1, c2, c3, out);
}

// Calls body(values, at, count): units for the elements [first + at, first + at + count).
template <typename Body>
void for_each_batch(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                    const Body& body) {
  const std::uint64_t stream = stream_of(key);
  Batch units;
  for (std::int64_t at = 0; at < n;) {
    const std::int64_t skip = (first + at) % 2;
    const std::int64_t count = std::min(batch - skip, n - at);
    draw(seed, stream, static_cast<std::uint64_t>(first + at) / 2, units.data());
    body(units.data() + skip, at, count);
    at += count;
  }
}

template <typename T>
void normals(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
             double mean, double deviation, T* dst) {
  for_each_batch(seed, key, first, n, [&](double* units, std::int64_t at, std::int64_t count) {
    Batch z;
    // The middle of its cell: never 0 or 1, and as far from either end as from the other.
    for (std::int64_t i = 0; i < count; ++i) units[i] += 0x1p-53;
    normal_quantile(units, count, z.data());
    for (std::int64_t i = 0; i < count; ++i) {
      dst[at + i] = static_cast<T>(mean + deviation * z[static_cast<std::size_t>(i)]);
    }
  });
}

template <typename T>
void uniforms(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
              double low, double high, T* dst) {
  const T least = static_cast<T>(low);
  const T below = std::nextafter(static_cast<T>(high), -std::numeric_limits<T>::infinity());
  const T most = std::max(least, below);
  for_each_batch(seed, key, first, n, [&](double* units, std::int64_t at, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const double u = units[i];
      // Not low + u · (high − low): the difference may overflow.
      const T value = static_cast<T>(low * (1.0 - u) + high * u);
      dst[at + i] = std::min(std::max(value, least), most);
    }
  });
}

}  // namespace

std::uint64_t stream_of(std::string_view key) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char byte : key) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 1099511628211U;
  }
  return hash;
}

void fill_normal(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                 double mean, double deviation, float* dst) {
  normals(seed, key, first, n, mean, deviation, dst);
}

void fill_normal(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                 double mean, double deviation, double* dst) {
  normals(seed, key, first, n, mean, deviation, dst);
}

void fill_uniform(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                  double low, double high, float* dst) {
  uniforms(seed, key, first, n, low, high, dst);
}

void fill_uniform(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                  double low, double high, double* dst) {
  uniforms(seed, key, first, n, low, high, dst);
}

}  // namespace inarch
