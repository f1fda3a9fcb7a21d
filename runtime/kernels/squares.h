#pragma once

#include <cstdint>

namespace inarch {

/// Σ value², in f64 and in one order on every processor.
double sum_of_squares(const float* values, std::int64_t n);
double sum_of_squares(const double* values, std::int64_t n);

/// What a look at all values tells, in one pass over memory.
struct Magnitudes {
  double squares = 0;  ///< Σ value²
  float most = 0;      ///< the greatest |value|; infinite where a value is, or is NaN
};
Magnitudes survey(const float* values, std::int64_t n);

}  // namespace inarch
