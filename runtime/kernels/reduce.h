#pragma once

#include <cstdint>

namespace inarch {

/// The largest |value|, infinities included; NaN is passed over, and nothing at all yields 0.
double max_abs(const float* values, std::int64_t n);
double max_abs(const double* values, std::int64_t n);
/// The largest |a − b|. Equal infinities and two NaNs count as equal; a NaN beside a number is
/// infinitely far from it.
double max_abs_difference(const double* a, const double* b, std::int64_t n);
/// The largest a − b, or 0 when no a is above its b; infinite where either is NaN.
double max_excess(const double* a, const double* b, std::int64_t n);
/// How many values are infinite or NaN.
std::int64_t count_non_finite(const float* values, std::int64_t n);
std::int64_t count_non_finite(const double* values, std::int64_t n);

}  // namespace inarch
