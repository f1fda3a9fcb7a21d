#include "runtime/kernels/ranked_coins.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "runtime/kernels/coins.h"

namespace inarch {

namespace {

constexpr int digit_bits = 11;
constexpr std::size_t digit_bins = std::size_t{1} << digit_bits;

template <typename Bits>
constexpr std::size_t digits = (8 * sizeof(Bits) - 1 + digit_bits - 1) / digit_bits;

std::uint32_t bits_of_magnitude(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7fffffffU;
}
std::uint64_t bits_of_magnitude(double value) {
  return std::bit_cast<std::uint64_t>(value) & 0x7fffffffffffffffULL;
}

/// Pieces of the work, one after another, each on a boundary of 64 bytes.
class Pieces {
 public:
  explicit Pieces(std::span<std::byte> work) : work_(work) {}
  template <typename T>
  T* take(std::size_t n) {
    auto* piece = static_cast<T*>(static_cast<void*>(work_.data() + used_));
    used_ += (n * sizeof(T) + 63) / 64 * 64;
    return piece;
  }

 private:
  std::span<std::byte> work_;
  std::size_t used_ = 0;
};

/// Stable by one digit; `bins` has where each digit's first goes.
template <typename Bits>
void sort_by_digit(const Bits* keys, const std::uint32_t* places, std::size_t n, int shift,
                   std::uint32_t* bins, Bits* sorted_keys, std::uint32_t* sorted_places) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t to = bins[(keys[i] >> shift) & (digit_bins - 1)]++;
    sorted_keys[to] = keys[i];
    sorted_places[to] = places[i];
  }
}

/// The places of the values in the order of their magnitudes.
template <typename T>
const std::uint32_t* places_by_magnitude(const T* values, std::size_t n, Pieces& pieces) {
  using Bits = decltype(bits_of_magnitude(T{}));
  auto* keys = pieces.take<Bits>(n);
  auto* other_keys = pieces.take<Bits>(n);
  auto* places = pieces.take<std::uint32_t>(n);
  auto* other_places = pieces.take<std::uint32_t>(n);
  auto* bins = pieces.take<std::uint32_t>(digits<Bits> * digit_bins);
  std::iota(places, places + n, 0U);
  for (std::size_t i = 0; i < n; ++i) keys[i] = bits_of_magnitude(values[i]);
  constexpr std::size_t few = 512;  // counting takes longer than comparing
  if (n < few) {
    std::stable_sort(places, places + n,
                     [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
    return places;
  }
  std::fill_n(bins, digits<Bits> * digit_bins, 0U);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t d = 0; d < digits<Bits>; ++d)
      ++bins[d * digit_bins + ((keys[i] >> (static_cast<int>(d) * digit_bits)) & (digit_bins - 1))];
  }
  for (std::size_t d = 0; d < digits<Bits>; ++d) {
    std::uint32_t* const counts = bins + d * digit_bins;
    if (std::find(counts, counts + digit_bins, static_cast<std::uint32_t>(n)) !=
        counts + digit_bins)
      continue;  // all have the same digit
    std::exclusive_scan(counts, counts + digit_bins, counts, 0U);
    sort_by_digit(keys, places, n, static_cast<int>(d) * digit_bits, counts, other_keys,
                  other_places);
    std::swap(keys, other_keys);
    std::swap(places, other_places);
  }
  return places;
}

template <typename T>
void keep_ranked(const std::uint32_t* coins, double density, double epsilon, std::int64_t n,
                 T* values, std::span<std::byte> work) {
  if (n == 1) {
    if (!coin_keeps(coins[0], density)) values[0] = 0;
    return;
  }
  Pieces pieces(work);
  const std::uint32_t* places = places_by_magnitude(values, static_cast<std::size_t>(n), pieces);
  const double least = density - epsilon;
  const double step = 2 * epsilon / static_cast<double>(n - 1);
  for (std::int64_t k = 0; k < n; ++k) {
    const std::uint32_t at = places[k];
    if (!coin_keeps(coins[at], least + step * static_cast<double>(k))) values[at] = 0;
  }
}

}  // namespace

void keep_by_ranked_coin(const std::uint32_t* coins, double density, double epsilon, std::int64_t n,
                         float* values, std::span<std::byte> work) {
  keep_ranked(coins, density, epsilon, n, values, work);
}
void keep_by_ranked_coin(const std::uint32_t* coins, double density, double epsilon, std::int64_t n,
                         double* values, std::span<std::byte> work) {
  keep_ranked(coins, density, epsilon, n, values, work);
}

}  // namespace inarch
