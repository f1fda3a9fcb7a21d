#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/executor/progress.h"

namespace inarch {

/// How far numbers b are from numbers a. Two NaN are equal, and so are equal infinities; other
/// pairs with one of these differ. No such pair enters the sums and the largest difference.
struct ValueDistance {
  std::int64_t count = 0;
  std::int64_t differing = 0;
  std::int64_t not_finite = 0;  // differing pairs with a NaN or an infinity
  double largest = 0;           // max |a − b|
  double squares = 0;           // Σ (a − b)²
  double a_squares = 0;         // Σ a²
  double b_squares = 0;
  double products = 0;  // Σ a·b

  /// ‖a − b‖ / ‖a‖; infinite when only a is zero, and 0 when nothing differs.
  double relative() const;
  /// 1 when both are zero, 0 when one is.
  double cosine() const;

  /// Pairs with a NaN or an infinity are overwritten.
  void add(double* a, double* b, std::int64_t n);
  void merge(const ValueDistance& other);
};

/// Tensors of two checkpoints that have one shape, by their positions.
struct TensorPair {
  std::size_t a = 0;
  std::size_t b = 0;
};

/// What is found out about one pair.
struct PairComparison {
  bool same_bytes = false;
  bool has_distance = false;  // bytes differ, and both types have numbers (stored_numbers.h)
  ValueDistance distance;
};

/// Compares bytes, and values where those differ, in the order of `pairs`. Reads with `jobs`
/// threads of about 2 MiB each; the results do not depend on `jobs`. E701 when a file cannot be
/// read.
Result<std::vector<PairComparison>> compare_pairs(const Checkpoint& a, const Checkpoint& b,
                                                  const std::vector<TensorPair>& pairs, int jobs,
                                                  Progress& progress);

}  // namespace inarch
