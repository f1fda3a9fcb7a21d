// Ranks without a sort. Magnitudes are counted in bins of 1/128 of an octave (1/64 in short rows,
// where looking at all bins would take as long as counting), eight octaves down from the largest;
// so a bin's ranks are known to lie in an interval. Most coins say the same for all ranks of the
// interval. Only where one does not, the bin's values are put in order: a coin in a thousand, in
// rows of usual lengths. Zeros, of which fine-tuned models have many, are the least and have a bin
// of their own; whether they stay shows in nothing.

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

constexpr std::uint32_t rank_bins = 1024;  // at most
constexpr std::int64_t short_row = 4096;
/// Bits of the mantissa that a bin is known by.
int fine_bits(std::int64_t n) { return n < short_row ? 6 : 7; }
std::uint32_t bins_of(std::int64_t n) { return 8U << fine_bits(n); }

std::uint32_t bits_of_magnitude(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7fffffffU;
}
std::uint64_t bits_of_magnitude(double value) {
  return std::bit_cast<std::uint64_t>(value) & 0x7fffffffffffffffULL;
}
template <typename T>
int coarse_shift(std::int64_t n) {
  return std::numeric_limits<T>::digits - 1 - fine_bits(n);
}

/// The coarse magnitude: sign-free exponent and the first bits of the mantissa.
template <typename T>
[[gnu::always_inline]] inline std::uint32_t coarse(T value, int shift) {
  return static_cast<std::uint32_t>(bits_of_magnitude(value) >> shift);
}

template <typename T>
[[gnu::always_inline]] inline std::uint32_t most_loop(const T* values, int shift, std::int64_t n) {
  std::uint32_t most = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t c = coarse(values[i], shift);
    most = c > most ? c : most;
  }
  return most;
}
template <typename T>
[[gnu::always_inline]] inline void bin_loop(const T* values, int shift, std::uint32_t first,
                                            std::int64_t n, std::uint16_t* __restrict bins) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t c = coarse(values[i], shift);
    const std::uint32_t bin = c > first ? c - first : 1;
    bins[i] = static_cast<std::uint16_t>(values[i] == 0 ? 0 : bin);
  }
}

INARCH_MULTIVERSION
std::uint32_t most_coarse(const float* values, int shift, std::int64_t n) {
  return most_loop(values, shift, n);
}
INARCH_MULTIVERSION
std::uint32_t most_coarse(const double* values, int shift, std::int64_t n) {
  return most_loop(values, shift, n);
}
INARCH_MULTIVERSION
void find_bins(const float* values, int shift, std::uint32_t first, std::int64_t n,
               std::uint16_t* bins) {
  bin_loop(values, shift, first, n, bins);
}
INARCH_MULTIVERSION
void find_bins(const double* values, int shift, std::uint32_t first, std::int64_t n,
               std::uint16_t* bins) {
  bin_loop(values, shift, first, n, bins);
}

/// By bin: the ranks of its values, and what their coins are compared with. Probabilities are
/// fixed-point numbers of 64 bits here, of which a coin is the upper half.
struct RowRanks {
  std::uint64_t least = 0, step = 0;
  std::uint32_t widest = 0;                          // the most that the two limits differ by
  std::array<std::uint32_t, rank_bins> first;        // rank of the bin's least value
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

/// The rank of each bin's least value, of how many each has. Four chains of sums at a time, as one
/// would wait for itself.
void find_ranks(const std::uint32_t* counts, std::uint32_t of, std::uint32_t* __restrict first) {
  const std::uint32_t length = of / 4;
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  for (std::uint32_t bin = 0; bin < length; ++bin) {
    b += counts[bin];
    c += counts[length + bin];
    d += counts[2 * length + bin];
  }
  c += b;
  d += c;
  for (std::uint32_t bin = 0; bin < length; ++bin) {
    first[bin] = a;
    first[length + bin] = b;
    first[2 * length + bin] = c;
    first[3 * length + bin] = d;
    a += counts[bin];
    b += counts[length + bin];
    c += counts[2 * length + bin];
    d += counts[3 * length + bin];
  }
}

INARCH_MULTIVERSION
void find_limits(const std::uint32_t* __restrict counts, std::uint32_t of,
                 const std::uint32_t* __restrict first, std::uint64_t least, std::uint64_t step,
                 std::uint32_t* __restrict stays_below, std::uint32_t* __restrict goes_from) {
  for (std::uint32_t bin = 0; bin < of; ++bin)
    stays_below[bin] = static_cast<std::uint32_t>((least + first[bin] * step) >> 32);
  for (std::uint32_t bin = 0; bin < of; ++bin) {
    const std::uint32_t more = counts[bin] - (counts[bin] > 0 ? 1U : 0U);
    goes_from[bin] = static_cast<std::uint32_t>((least + (first[bin] + more) * step) >> 32);
  }
}

/// The most that two limits differ by, but for those of the first bin.
INARCH_MULTIVERSION
std::uint32_t widest_of(const std::uint32_t* stays_below, const std::uint32_t* goes_from,
                        std::uint32_t of) {
  std::uint32_t widest = 0;
  for (std::uint32_t bin = 1; bin < of; ++bin) {
    const std::uint32_t width = goes_from[bin] - stays_below[bin];
    widest = width > widest ? width : widest;
  }
  return widest;
}

INARCH_MULTIVERSION
void add_counts(const std::uint32_t* odd, std::uint32_t of, std::uint32_t* __restrict even) {
  for (std::uint32_t bin = 0; bin < of; ++bin) even[bin] += odd[bin];
}

/// Two counters for each bin, as neighbours often lie in the same.
void count_ranks(const std::uint16_t* bins, std::int64_t n, RowRanks& ranks) {
  const std::uint32_t of = bins_of(n);
  std::array<std::uint32_t, rank_bins> even, odd;
  std::fill_n(even.begin(), of, 0U);
  std::fill_n(odd.begin(), of, 0U);
  std::int64_t i = 0;
  for (; i + 2 <= n; i += 2) {
    ++even[bins[i]];
    ++odd[bins[i + 1]];
  }
  if (i < n) ++even[bins[i]];
  add_counts(odd.data(), of, even.data());
  find_ranks(even.data(), of, ranks.first.data());
  find_limits(even.data(), of, ranks.first.data(), ranks.least, ranks.step,
              ranks.stays_below.data(), ranks.goes_from.data());
  ranks.widest = widest_of(ranks.stays_below.data(), ranks.goes_from.data(), of);
  // Of zeros it makes no difference which stay, so none is open.
  ranks.stays_below[0] = ranks.goes_from[0];
}

/// Of what a coin says before its value's rank is known.
constexpr std::uint8_t is_open = 1, goes = 2;

/// That of every coin, and of some coins `is_open` that decide already: one look at a table tells
/// no more than that they are near a limit.
INARCH_MULTIVERSION
void find_near(const std::uint16_t* bins, const std::uint32_t* coins,
               const std::uint32_t* goes_from, std::uint32_t widest, std::int64_t n,
               std::uint8_t* __restrict said) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t limit = goes_from[bins[i]];
    const std::uint32_t leaves = coins[i] >= limit ? 1U : 0U;
    const std::uint32_t near = (limit - coins[i] <= widest ? 1U : 0U) & (leaves ^ 1U);
    said[i] = static_cast<std::uint8_t>(near * is_open + leaves * goes);
  }
}

INARCH_MULTIVERSION
void drop_those_that_go(const std::uint8_t* said, std::int64_t n, float* __restrict values) {
  for (std::int64_t i = 0; i < n; ++i) values[i] = (said[i] & goes) != 0 ? 0.0F : values[i];
}
INARCH_MULTIVERSION
void drop_those_that_go(const std::uint8_t* said, std::int64_t n, double* __restrict values) {
  for (std::int64_t i = 0; i < n; ++i) values[i] = (said[i] & goes) != 0 ? 0.0 : values[i];
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

/// The first from `i` on that is open, or n.
std::int64_t next_open(const std::uint8_t* said, std::int64_t i, std::int64_t n) {
  for (; i + 8 <= n; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, said + i, sizeof(word));
    word &= 0x0101010101010101U * is_open;
    if (word != 0) return i + std::countr_zero(word) / 8;
  }
  while (i < n && (said[i] & is_open) == 0) ++i;
  return i;
}

/// Leaves `is_open` where it is so; how many these are.
std::int64_t keep_open(const std::uint16_t* bins, const std::uint32_t* coins, const RowRanks& ranks,
                       std::int64_t n, std::uint8_t* said) {
  std::int64_t found = 0;
  for (std::int64_t i = next_open(said, 0, n); i < n; i = next_open(said, i + 1, n)) {
    if (coins[i] < ranks.stays_below[bins[i]]) {
      said[i] = 0;
    } else {
      ++found;
    }
  }
  return found;
}

/// Where few are open, each is ranked by itself. `places` gets those that go, their number is
/// returned.
template <typename T>
std::int64_t rank_each(const RowRanks& ranks, const std::uint8_t* said, const std::uint32_t* coins,
                       std::int64_t n, const T* values, Ranked<T>* places) {
  std::int64_t going = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    i = next_open(said, i, n);
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
  auto* said = static_cast<std::uint8_t*>(static_cast<void*>(bins + n));
  const int shift = coarse_shift<T>(n);
  const std::uint32_t most = most_coarse(values, shift, n), last = bins_of(n) - 1;
  find_bins(values, shift, most > last ? most - last : 0, n, bins);
  RowRanks ranks(density, epsilon, n);
  count_ranks(bins, n, ranks);
  find_near(bins, coins, ranks.goes_from.data(), ranks.widest, n, said);
  const std::int64_t found = keep_open(bins, coins, ranks, n, said);
  constexpr std::int64_t sorting_pays = 256;  // looks at all values
  std::int64_t going = 0;
  if (found > sorting_pays) {
    going = rank_all(ranks, coins, n, values, places);
  } else if (found > 0) {
    going = rank_each(ranks, said, coins, n, values, places);
  }
  drop_those_that_go(said, n, values);
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
