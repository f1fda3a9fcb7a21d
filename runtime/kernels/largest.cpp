#include "runtime/kernels/largest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

std::uint32_t magnitude_bits(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7fffffffU;
}
std::uint64_t magnitude_bits(double value) {
  return std::bit_cast<std::uint64_t>(value) & 0x7fffffffffffffffULL;
}

constexpr Cutoff keep_nothing = {std::numeric_limits<std::uint64_t>::max(), -1};

/// Index of the tie with which `ties` of those equal to `magnitude` are kept.
template <typename T>
std::int64_t last_tie(const T* values, std::int64_t n, std::uint64_t magnitude, std::int64_t ties) {
  for (std::int64_t i = 0; i < n; ++i) {
    if (magnitude_bits(values[i]) == magnitude && --ties == 0) return i;
  }
  return -1;
}

template <typename T>
Cutoff find_in_memory(const T* values, std::int64_t n, std::int64_t keep, T* work) {
  if (keep <= 0) return keep_nothing;
  if (keep >= n) return {0, n - 1};
  std::copy_n(values, n, work);
  const auto greater = [](T a, T b) { return magnitude_bits(a) > magnitude_bits(b); };
  T* const at = work + (keep - 1);
  std::nth_element(work, at, work + n, greater);
  const std::uint64_t magnitude = magnitude_bits(*at);
  const auto above =
      std::count_if(work, at + 1, [&](T value) { return magnitude_bits(value) > magnitude; });
  return {magnitude, last_tie(values, n, magnitude, keep - above)};
}

/// Keeps magnitudes of at least `least`.
template <typename T, typename Bits>
[[gnu::always_inline]] inline void keep_loop(Bits least, bool as_mask, std::int64_t n, T* values) {
  if (as_mask) {
    for (std::int64_t i = 0; i < n; ++i)
      values[i] = magnitude_bits(values[i]) >= least ? T{1} : T{0};
  } else {
    for (std::int64_t i = 0; i < n; ++i)
      values[i] = magnitude_bits(values[i]) >= least ? values[i] : T{0};
  }
}

INARCH_MULTIVERSION
void keep_from(std::uint32_t least, bool as_mask, std::int64_t n, float* values) {
  keep_loop(least, as_mask, n, values);
}
INARCH_MULTIVERSION
void keep_from(std::uint64_t least, bool as_mask, std::int64_t n, double* values) {
  keep_loop(least, as_mask, n, values);
}

/// Up to the last tie equal magnitudes stay, after it only larger ones.
template <typename T>
void keep_values(const Cutoff& cutoff, bool as_mask, std::int64_t first, std::int64_t n,
                 T* values) {
  using Bits = decltype(magnitude_bits(T{}));
  constexpr std::uint64_t most = std::numeric_limits<Bits>::max();
  const std::int64_t before = std::clamp<std::int64_t>(cutoff.last + 1 - first, 0, n);
  const std::uint64_t above = cutoff.magnitude >= most ? most : cutoff.magnitude + 1;
  keep_from(static_cast<Bits>(std::min(cutoff.magnitude, most)), as_mask, before, values);
  keep_from(static_cast<Bits>(above), as_mask, n - before, values + before);
}

template <typename T, typename Bits>
[[gnu::always_inline]] inline void drop_loop(Bits least, std::int64_t n, T* values) {
  for (std::int64_t i = 0; i < n; ++i)
    values[i] = magnitude_bits(values[i]) >= least ? T{0} : values[i];
}

INARCH_MULTIVERSION
void drop_from(std::uint32_t least, std::int64_t n, float* values) { drop_loop(least, n, values); }
INARCH_MULTIVERSION
void drop_from(std::uint64_t least, std::int64_t n, double* values) { drop_loop(least, n, values); }

template <typename T>
void drop_values(const Cutoff& cutoff, std::int64_t first, std::int64_t n, T* values) {
  using Bits = decltype(magnitude_bits(T{}));
  constexpr std::uint64_t most = std::numeric_limits<Bits>::max();
  if (cutoff.magnitude >= most) return;
  const std::int64_t before = std::clamp<std::int64_t>(cutoff.last + 1 - first, 0, n);
  drop_from(static_cast<Bits>(cutoff.magnitude), before, values);
  drop_from(static_cast<Bits>(cutoff.magnitude + 1), n - before, values + before);
}

}  // namespace

Cutoff find_cutoff(const float* values, std::int64_t n, std::int64_t keep, float* work) {
  return find_in_memory(values, n, keep, work);
}
Cutoff find_cutoff(const double* values, std::int64_t n, std::int64_t keep, double* work) {
  return find_in_memory(values, n, keep, work);
}

CutoffSearch::CutoffSearch(int width, std::int64_t n, std::int64_t keep,
                           std::span<std::int64_t> bins)
    : bins_(bins), total_(n), wanted_(keep), shift_(8 * width - 16) {
  if (keep <= 0 || keep >= n) {
    cutoff_ = keep <= 0 ? keep_nothing : Cutoff{0, n - 1};
    phase_ = Phase::done;
  }
}

CutoffSearch CutoffSearch::of_nonzero(int width, std::int64_t n, double share,
                                      std::span<std::int64_t> bins) {
  CutoffSearch search(width, n, std::max<std::int64_t>(n - 1, 0), bins);
  search.phase_ = Phase::digits;
  search.share_ = share;
  return search;
}

void CutoffSearch::guess(std::span<float> sample, std::span<std::uint64_t> room) {
  const bool fits = total_ <= std::int64_t{std::numeric_limits<std::uint32_t>::max()};
  if (phase_ != Phase::digits || sample.empty() || !fits) return;
  const auto count = static_cast<double>(sample.size());
  const double nonzero =
      count - static_cast<double>(std::count(sample.begin(), sample.end(), 0.0F));
  const double expected = share_ >= 0
                              ? share_ * nonzero
                              : static_cast<double>(wanted_) / static_cast<double>(total_) * count;
  const double margin = 3 * std::sqrt(count) + 8;  // six deviations, as samples are not independent
  auto rest = sample.begin();                      // of which all before it is larger
  const auto ranked = [&](double rank) {
    const auto at = sample.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(rest, at, sample.end(),
                     [](float a, float b) { return magnitude_bits(a) > magnitude_bits(b); });
    rest = at;
    return magnitude_bits(*at);
  };
  between_.high = expected - margin < 0 ? std::numeric_limits<std::uint32_t>::max()
                                        : ranked(expected - margin) + 1;
  between_.low = expected + margin > count - 1 ? 0 : ranked(expected + margin);
  between_.room = room;
  phase_ = Phase::guess;
}

void CutoffSearch::collect(const float* values, std::int64_t n) {
  between_path().add(values, n, static_cast<std::uint32_t>(position_), between_);
  if (share_ >= 0) zeros_ += std::count(values, values + n, 0.0F);
  position_ += n;
}

/// Of `candidates` those that share a bin with the one of that rank, in their order, and its rank
/// among them; the others are lost. One count of all is faster than halving them again and again.
auto CutoffSearch::one_bin_of(std::span<std::uint64_t> candidates, std::int64_t rank) -> OfBin {
  constexpr std::size_t few = 4096;
  if (candidates.size() < few) return {candidates.begin(), candidates.end(), rank};
  constexpr int digits = 16;  // of a number of a bin
  const std::uint32_t range = between_.high - between_.low;
  const int shift = std::max(0, static_cast<int>(std::bit_width(range)) - digits);
  const auto bin_of = [&](std::uint64_t candidate) {
    return ((candidate >> 32) - between_.low) >> shift;
  };
  std::fill(bins_.begin(), bins_.end(), 0);
  for (const std::uint64_t candidate : candidates) ++bins_[bin_of(candidate)];
  std::size_t bin = bins_.size() - 1;
  while (bins_[bin] < rank) rank -= bins_[bin--];
  const auto others = std::remove_if(candidates.begin(), candidates.end(),
                                     [&](std::uint64_t c) { return bin_of(c) != bin; });
  return {candidates.begin(), others, rank};
}

/// Of those between, the one with which as many are kept as wanted.
void CutoffSearch::choose_candidate() {
  const std::int64_t rank = wanted_ - between_.above;  // from 1
  const std::span<std::uint64_t> room = between_.room;
  const std::int64_t found = between_.found;
  if (rank < 1 || rank > found || found > static_cast<std::int64_t>(room.size())) {
    phase_ = Phase::digits;
    position_ = 0;
    return;
  }
  const auto [first, among, rank_among] =
      one_bin_of(room.first(static_cast<std::size_t>(found)), rank);
  const auto at = first + (rank_among - 1);
  std::nth_element(first, at, among, std::greater<>());
  cutoff_ = {*at >> 32, static_cast<std::int64_t>(~static_cast<std::uint32_t>(*at))};
  phase_ = Phase::done;
}

/// Once zeros are counted, how many are wanted; true when that settles all.
bool CutoffSearch::settle_share() {
  wanted_ = static_cast<std::int64_t>(share_ * static_cast<double>(total_ - zeros_));
  share_ = -1;
  if (wanted_ > 0 && wanted_ < total_) return false;
  cutoff_ = wanted_ <= 0 ? keep_nothing : Cutoff{0, total_ - 1};
  phase_ = Phase::done;
  return true;
}

template <typename T>
void CutoffSearch::count_digits(const T* values, std::int64_t n) {
  if (!counts_) std::fill(bins_.begin(), bins_.end(), 0);
  counts_ = true;
  const int above = shift_ + 16;
  const bool first = above >= static_cast<int>(8 * sizeof(T));
  const std::uint64_t below = (std::uint64_t{1} << shift_) - 1;
  std::uint64_t rest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint64_t bits = magnitude_bits(values[i]);
    if (!first && (bits >> above) != (prefix_ >> above)) continue;
    ++bins_[(bits >> shift_) & 0xffffU];
    zeros_ += bits == 0 ? 1 : 0;
    rest |= bits & below;
  }
  rest_ |= rest;
}

template <typename T>
void CutoffSearch::find_last(const T* values, std::int64_t n) {
  for (std::int64_t i = 0; i < n && wanted_ > 0; ++i) {
    if (magnitude_bits(values[i]) != prefix_) continue;
    if (--wanted_ == 0) cutoff_.last = position_ + i;
  }
  position_ += n;
}

template <typename T>
void CutoffSearch::add_values(const T* values, std::int64_t n) {
  if constexpr (std::is_same_v<T, float>) {
    if (phase_ == Phase::guess) return collect(values, n);
  }
  if (phase_ == Phase::digits) count_digits(values, n);
  if (phase_ == Phase::ties) find_last(values, n);
}

void CutoffSearch::add(const float* values, std::int64_t n) { add_values(values, n); }
void CutoffSearch::add(const double* values, std::int64_t n) { add_values(values, n); }

void CutoffSearch::end_pass() {
  if (phase_ == Phase::ties) {
    phase_ = Phase::done;
    return;
  }
  if (share_ >= 0 && settle_share()) return;
  if (phase_ == Phase::guess) return choose_candidate();
  std::size_t digit = bins_.size() - 1;
  while (digit > 0 && bins_[digit] < wanted_) wanted_ -= bins_[digit--];
  const std::int64_t sharing = bins_[digit];
  prefix_ |= static_cast<std::uint64_t>(digit) << shift_;
  if (shift_ > 0 && rest_ != 0) {
    shift_ -= 16;
    rest_ = 0;
    counts_ = false;
    return;
  }
  cutoff_ = {prefix_, total_ - 1};
  phase_ = sharing == wanted_ ? Phase::done : Phase::ties;
}

void drop_largest(const Cutoff& cutoff, std::int64_t first, std::int64_t n, float* values) {
  drop_values(cutoff, first, n, values);
}
void drop_largest(const Cutoff& cutoff, std::int64_t first, std::int64_t n, double* values) {
  drop_values(cutoff, first, n, values);
}

void keep_largest(const Cutoff& cutoff, bool as_mask, std::int64_t first, std::int64_t n,
                  float* values) {
  keep_values(cutoff, as_mask, first, n, values);
}
void keep_largest(const Cutoff& cutoff, bool as_mask, std::int64_t first, std::int64_t n,
                  double* values) {
  keep_values(cutoff, as_mask, first, n, values);
}

}  // namespace inarch
