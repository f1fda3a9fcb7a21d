#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/executor/progress.h"

namespace inarch {

/// Moments and extremes of numbers that come in portions. NaN and infinities are counted and left
/// out of all else.
struct ValueStats {
  std::int64_t finite = 0;
  std::int64_t zeros = 0;
  std::int64_t nans = 0;
  std::int64_t infinities = 0;
  double mean = 0;
  double squares = 0;  // Σ (x − mean)²
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();

  /// Of the numbers themselves, not an estimate of a larger population's.
  double deviation() const;

  /// Numbers in place of which there are infinities or NaN are overwritten.
  void add(double* numbers, std::int64_t n);
  /// Chan, Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing sample
  /// variances", 1979.
  void merge(const ValueStats& other);
};

/// Statistics of the tensors at these positions, in their order; nothing for types without numbers
/// (stored_numbers.h). Reads with `jobs` threads of about 1 MiB each; the results do not depend on
/// `jobs`. E701 when a file cannot be read.
Result<std::vector<std::optional<ValueStats>>> measure_tensors(
    const Checkpoint& checkpoint, const std::vector<std::size_t>& positions, int jobs,
    Progress& progress);

}  // namespace inarch
