#pragma once

#include <cstdint>
#include <span>

#include "runtime/kernels/between.h"

namespace inarch {

/// Selection of the largest magnitudes of a run of values, exact and without sorting: magnitudes of
/// floats are ordered as their bits are, so the threshold is found digit by digit (16 bits each)
/// from histograms, one pass over the values for each.

/// What is kept of a run: magnitudes above `magnitude` (the bits of an absolute value), and of
/// those equal to it the ones up to index `last`.
struct Cutoff {
  std::uint64_t magnitude = 0;
  std::int64_t last = -1;
};

/// The cutoff that keeps `keep` of the `n` values, 0 ≤ keep ≤ n. `work` holds n values.
Cutoff find_cutoff(const float* values, std::int64_t n, std::int64_t keep, float* work);
Cutoff find_cutoff(const double* values, std::int64_t n, std::int64_t keep, double* work);

/// The same for values that come in portions, front to back, as often as wants_pass() asks.
class CutoffSearch {
 public:
  /// 0 ≤ keep ≤ n, values of `width` bytes (4 or 8). `bins` holds 65536 counts.
  CutoffSearch(int width, std::int64_t n, std::int64_t keep, std::span<std::int64_t> bins);
  /// That share, rounded down, of the values that are not zero.
  static CutoffSearch of_nonzero(int width, std::int64_t n, double share,
                                 std::span<std::int64_t> bins);

  /// Before the first pass, of a run of f32 and less than 2^32 values: guesses from a sample of the
  /// run, which is lost, between which two magnitudes the threshold lies. If it does, and `room`
  /// holds what lies between, one pass is enough; else passes by digits follow.
  void guess(std::span<float> sample, std::span<std::uint64_t> room);

  bool wants_pass() const { return phase_ != Phase::done; }
  void add(const float* values, std::int64_t n);
  void add(const double* values, std::int64_t n);
  void end_pass();
  Cutoff cutoff() const { return cutoff_; }

 private:
  enum class Phase : std::uint8_t { guess, digits, ties, done };
  template <typename T>
  void add_values(const T* values, std::int64_t n);
  void collect(const float* values, std::int64_t n);
  struct OfBin {
    std::span<std::uint64_t>::iterator begin;
    std::span<std::uint64_t>::iterator end;
    std::int64_t rank;
  };
  OfBin one_bin_of(std::span<std::uint64_t> candidates, std::int64_t rank);
  void choose_candidate();
  bool settle_share();
  template <typename T>
  void count_digits(const T* values, std::int64_t n);
  template <typename T>
  void find_last(const T* values, std::int64_t n);

  std::span<std::int64_t> bins_;
  std::int64_t total_;
  std::int64_t wanted_;  // of the values that share the digits found so far
  double share_ = -1;    // of the values that are not zero, which the first pass counts
  std::int64_t zeros_ = 0;
  Phase phase_ = Phase::digits;
  bool counts_ = false;        // bins are zeros until something is counted
  int shift_;                  // of the digit that is counted
  std::uint64_t rest_ = 0;     // all digits below, or'ed: none left when zero
  std::uint64_t prefix_ = 0;   // the digits found so far
  std::int64_t position_ = 0;  // of the next value, in the search for the last tie
  Between between_;            // of the guess
  Cutoff cutoff_;
};

/// Elements [first, first + n) of a run, in place: what the cutoff keeps becomes 0.
void drop_largest(const Cutoff& cutoff, std::int64_t first, std::int64_t n, float* values);
void drop_largest(const Cutoff& cutoff, std::int64_t first, std::int64_t n, double* values);

/// Elements [first, first + n) of a run, in place: what the cutoff does not keep becomes 0, and
/// with `as_mask` what it keeps becomes 1.
void keep_largest(const Cutoff& cutoff, bool as_mask, std::int64_t first, std::int64_t n,
                  float* values);
void keep_largest(const Cutoff& cutoff, bool as_mask, std::int64_t first, std::int64_t n,
                  double* values);

}  // namespace inarch
