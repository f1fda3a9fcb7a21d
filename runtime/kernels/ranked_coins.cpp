// Ranks without a sort. Magnitudes are counted in bins of 1/128 of an octave, eight octaves down
// from the largest of the row; so a bin's ranks are known to lie in an interval. Most coins say
// the same for all ranks of the interval. Only where one does not, the bin's values are put in
// order: a coin in a thousand, in rows of usual lengths. Zeros, of which fine-tuned models have
// many, are the least and have a bin of their own; whether they stay shows in nothing.

#include "runtime/kernels/ranked_coins.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "runtime/kernels/coins.h"
#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

constexpr std::uint32_t rank_bins = 1024;
constexpr int fine_bits = 7;  // of the mantissa

std::uint32_t bits_of_magnitude(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7fffffffU;
}
std::uint64_t bits_of_magnitude(double value) {
  return std::bit_cast<std::uint64_t>(value) & 0x7fffffffffffffffULL;
}
template <typename T>
constexpr int coarse_shift = std::numeric_limits<T>::digits - 1 - fine_bits;

/// The coarse magnitude: sign-free exponent and the first bits of the mantissa.
template <typename T>
[[gnu::always_inline]] inline std::uint32_t coarse(T value) {
  return static_cast<std::uint32_t>(bits_of_magnitude(value) >> coarse_shift<T>);
}

template <typename T>
[[gnu::always_inline]] inline std::uint32_t most_loop(const T* values, std::int64_t n) {
  std::uint32_t most = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t c = coarse(values[i]);
    most = c > most ? c : most;
  }
  return most;
}
template <typename T>
[[gnu::always_inline]] inline void bin_loop(const T* values, std::uint32_t first, std::int64_t n,
                                            std::uint16_t* __restrict bins) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t c = coarse(values[i]);
    const std::uint32_t bin = c > first ? c - first : 1;
    bins[i] = static_cast<std::uint16_t>(values[i] == 0 ? 0 : bin);
  }
}

INARCH_MULTIVERSION
std::uint32_t most_coarse(const float* values, std::int64_t n) { return most_loop(values, n); }
INARCH_MULTIVERSION
std::uint32_t most_coarse(const double* values, std::int64_t n) { return most_loop(values, n); }
INARCH_MULTIVERSION
void find_bins(const float* values, std::uint32_t first, std::int64_t n, std::uint16_t* bins) {
  bin_loop(values, first, n, bins);
}
INARCH_MULTIVERSION
void find_bins(const double* values, std::uint32_t first, std::int64_t n, std::uint16_t* bins) {
  bin_loop(values, first, n, bins);
}

/// By bin: the ranks of its values, and what their coins are compared with. Probabilities are
/// fixed-point numbers of 64 bits here, of which a coin is the upper half.
struct RowRanks {
  std::uint64_t least = 0, step = 0;
  std::array<std::uint32_t, rank_bins> first;        // rank of the bin's least value
  std::array<std::uint32_t, rank_bins> last;         // of its largest
  std::array<std::uint32_t, rank_bins> stays_below;  // the limit of the first
  std::array<std::uint32_t, rank_bins> goes_from;    // the limit of the last

  RowRanks(double density, double epsilon, std::int64_t n) {
    constexpr double one = 18446744073709551616.0;
    least = static_cast<std::uint64_t>(std::clamp(density - epsilon, 0.0, 1 - 0x1p-53) * one);
    const double rise = std::clamp(2 * epsilon, 0.0, 1 - (density - epsilon) - 0x1p-53);
    step = static_cast<std::uint64_t>(rise / static_cast<double>(n - 1) * one);
  }
  std::uint32_t limit(std::uint32_t rank) const {
    return static_cast<std::uint32_t>((least + rank * step) >> 32);
  }
};

INARCH_MULTIVERSION
void find_limits(const std::uint32_t* ranks, std::uint64_t least, std::uint64_t step,
                 std::uint32_t* __restrict limits) {
  for (std::uint32_t bin = 0; bin < rank_bins; ++bin)
    limits[bin] = static_cast<std::uint32_t>((least + ranks[bin] * step) >> 32);
}

/// Two counters for each bin, as neighbours often lie in the same.
void count_ranks(const std::uint16_t* bins, std::int64_t n, RowRanks& ranks) {
  std::array<std::uint32_t, rank_bins> even{}, odd{};
  std::int64_t i = 0;
  for (; i + 2 <= n; i += 2) {
    ++even[bins[i]];
    ++odd[bins[i + 1]];
  }
  if (i < n) ++even[bins[i]];
  std::uint32_t before = 0;
  for (std::uint32_t bin = 0; bin < rank_bins; ++bin) {
    ranks.first[bin] = before;
    before += even[bin] + odd[bin];
    ranks.last[bin] = std::max(before, 1U) - 1;
  }
  find_limits(ranks.first.data(), ranks.least, ranks.step, ranks.stays_below.data());
  find_limits(ranks.last.data(), ranks.least, ranks.step, ranks.goes_from.data());
  // Of zeros it makes no difference which stay, so none is open.
  ranks.stays_below[0] = ranks.goes_from[0];
}

/// A byte for every coin that decides only once its value's rank is known; how many these are.
INARCH_MULTIVERSION
std::int64_t find_open(const std::uint16_t* bins, const std::uint32_t* coins,
                       const std::uint32_t* stays_below, const std::uint32_t* goes_from,
                       std::int64_t n, std::uint8_t* __restrict open) {
  std::uint32_t found = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t is_open =
        (coins[i] >= stays_below[bins[i]] ? 1U : 0U) & (coins[i] < goes_from[bins[i]] ? 1U : 0U);
    open[i] = static_cast<std::uint8_t>(is_open);
    found += is_open;
  }
  return found;
}

template <typename T>
[[gnu::always_inline]] inline void drop_bins_loop(const std::uint16_t* bins,
                                                  const std::uint32_t* coins,
                                                  const std::uint32_t* goes_from, std::int64_t n,
                                                  T* __restrict values) {
  for (std::int64_t i = 0; i < n; ++i)
    values[i] = coins[i] >= goes_from[bins[i]] ? T{0} : values[i];
}
INARCH_MULTIVERSION
void drop_by_bins(const std::uint16_t* bins, const std::uint32_t* coins,
                  const std::uint32_t* goes_from, std::int64_t n, float* values) {
  drop_bins_loop(bins, coins, goes_from, n, values);
}
INARCH_MULTIVERSION
void drop_by_bins(const std::uint16_t* bins, const std::uint32_t* coins,
                  const std::uint32_t* goes_from, std::int64_t n, double* values) {
  drop_bins_loop(bins, coins, goes_from, n, values);
}

/// A value that has to be ranked in its bin.
template <typename T>
struct Ranked {
  decltype(bits_of_magnitude(T{})) magnitude = 0;
  std::uint32_t place = 0;
};

template <typename T, typename Bits>
[[gnu::always_inline]] inline std::uint32_t less_loop(const T* values, Bits magnitude,
                                                      std::int64_t place, std::int64_t n) {
  std::uint32_t less = 0;
  for (std::int64_t i = 0; i < place; ++i)
    less += bits_of_magnitude(values[i]) <= magnitude ? 1U : 0U;
  for (std::int64_t i = place; i < n; ++i)
    less += bits_of_magnitude(values[i]) < magnitude ? 1U : 0U;
  return less;
}
/// The rank of one value, by a look at all others.
INARCH_MULTIVERSION
std::uint32_t rank_of(const float* values, std::uint32_t magnitude, std::int64_t place,
                      std::int64_t n) {
  return less_loop(values, magnitude, place, n);
}
INARCH_MULTIVERSION
std::uint32_t rank_of(const double* values, std::uint64_t magnitude, std::int64_t place,
                      std::int64_t n) {
  return less_loop(values, magnitude, place, n);
}

/// The first byte from `i` on that is not zero, or n.
std::int64_t next_mark(const std::uint8_t* marks, std::int64_t i, std::int64_t n) {
  for (; i + 8 <= n; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, marks + i, sizeof(word));
    if (word != 0) return i + std::countr_zero(word) / 8;
  }
  while (i < n && marks[i] == 0) ++i;
  return i;
}

/// Where few are open, each is ranked by itself. `places` gets those that go, their number is
/// returned.
template <typename T>
std::int64_t rank_each(const RowRanks& ranks, const std::uint8_t* open, const std::uint32_t* coins,
                       std::int64_t n, const T* values, Ranked<T>* places) {
  std::int64_t going = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    i = next_mark(open, i, n);
    if (i == n) break;
    const std::uint32_t rank = rank_of(values, bits_of_magnitude(values[i]), i, n);
    if (coins[i] >= ranks.limit(rank)) places[going++] = {0, static_cast<std::uint32_t>(i)};
  }
  return going;
}

/// Where many are open, all values are put in order.
template <typename T>
std::int64_t rank_all(const RowRanks& ranks, const std::uint32_t* coins, std::int64_t n,
                      const T* values, Ranked<T>* places) {
  for (std::int64_t i = 0; i < n; ++i)
    places[i] = {bits_of_magnitude(values[i]), static_cast<std::uint32_t>(i)};
  std::sort(places, places + n, [](const Ranked<T>& a, const Ranked<T>& b) {
    return a.magnitude != b.magnitude ? a.magnitude < b.magnitude : a.place < b.place;
  });
  std::int64_t going = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    const std::uint32_t place = places[k].place;
    if (coins[place] >= ranks.limit(static_cast<std::uint32_t>(k))) places[going++].place = place;
  }
  return going;
}

template <typename T>
void keep_ranked(const std::uint32_t* coins, double density, double epsilon, std::int64_t n,
                 T* values, std::span<std::byte> work) {
  if (n == 1) {
    if (!coin_keeps(coins[0], density)) values[0] = 0;
    return;
  }
  auto* places = static_cast<Ranked<T>*>(static_cast<void*>(work.data()));
  auto* bins = static_cast<std::uint16_t*>(static_cast<void*>(places + n));
  auto* open = static_cast<std::uint8_t*>(static_cast<void*>(bins + n));
  const std::uint32_t most = most_coarse(values, n);
  find_bins(values, most >= rank_bins ? most - (rank_bins - 1) : 0, n, bins);
  RowRanks ranks(density, epsilon, n);
  count_ranks(bins, n, ranks);
  const std::int64_t found =
      find_open(bins, coins, ranks.stays_below.data(), ranks.goes_from.data(), n, open);
  constexpr std::int64_t sorting_pays = 256;  // looks at all values
  std::int64_t going = 0;
  if (found > sorting_pays) {
    going = rank_all(ranks, coins, n, values, places);
  } else if (found > 0) {
    going = rank_each(ranks, open, coins, n, values, places);
  }
  drop_by_bins(bins, coins, ranks.goes_from.data(), n, values);
  for (std::int64_t k = 0; k < going; ++k) values[places[k].place] = 0;
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
