#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "compiler/core/ops.h"

namespace inarch {

/// Operations as core/ops.h defines them, in double precision and without a thought for speed.

inline double mapped(MapFunction function, double x) {
  switch (function) {
    case MapFunction::abs:
      return std::fabs(x);
    case MapFunction::sign:
      return x > 0 ? 1 : x < 0 ? -1 : x;
    case MapFunction::sqrt:
      return std::sqrt(x);
    case MapFunction::exp:
      return std::exp(x);
    case MapFunction::log:
      return std::log(x);
  }
  return x;
}

inline double reduced(Reduction reduction, const std::vector<double>& values) {
  double sum = 0, squares = 0, magnitude = 0;
  double most = -std::numeric_limits<double>::infinity(), least = -most;
  for (const double value : values) {
    if (value != value) return value;
    sum += value;
    squares += value * value;
    most = std::max(most, value);
    least = std::min(least, value);
    magnitude = std::max(magnitude, std::fabs(value));
  }
  switch (reduction) {
    case Reduction::sum:
      return sum;
    case Reduction::mean:
      return sum / static_cast<double>(values.size());
    case Reduction::norm:
      return std::sqrt(squares);
    case Reduction::max:
      return most;
    case Reduction::min:
      return least;
    case Reduction::max_abs:
      return magnitude;
  }
  return 0;
}

/// By a stable sort, which the product never does.
inline std::vector<double> kept_largest(const std::vector<double>& values, std::int64_t keep,
                                        bool as_mask) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto magnitude = [&](std::size_t k) {
    return values[k] != values[k] ? std::numeric_limits<double>::infinity() : std::fabs(values[k]);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return magnitude(a) > magnitude(b); });
  std::vector<double> out(values.size(), 0.0);
  for (std::int64_t k = 0; k < keep; ++k) {
    const std::size_t at = order[static_cast<std::size_t>(k)];
    out[at] = as_mask ? 1 : values[at];
  }
  return out;
}

}  // namespace inarch
