#pragma once

#include <cstdint>

namespace inarch {

/// Sums in f64 over runs that come in portions: element i of the run goes to lane i modulo
/// `sum_lanes`, and the lanes are added up at the end in their order. So a sum has the same bits
/// however the run was cut, and lanes are added to side by side. `position` is the number in its
/// run of the portion's first element; `lanes` begin as zeros.
inline constexpr std::int64_t sum_lanes = 64;

/// lanes += a · b
void add_products(const float* a, const float* b, std::int64_t n, std::int64_t position,
                  double* lanes);
void add_products(const double* a, const double* b, std::int64_t n, std::int64_t position,
                  double* lanes);
/// lanes += |a|
void add_magnitudes(const float* a, std::int64_t n, std::int64_t position, double* lanes);
void add_magnitudes(const double* a, std::int64_t n, std::int64_t position, double* lanes);

/// The same of those whose bit is set, where that of element i is bit first + i of `mask`
/// (bit_mask.h).
void add_masked_magnitudes(const std::uint8_t* mask, std::int64_t first, const float* a,
                           std::int64_t n, std::int64_t position, double* lanes);
void add_masked_magnitudes(const std::uint8_t* mask, std::int64_t first, const double* a,
                           std::int64_t n, std::int64_t position, double* lanes);

double sum_of_lanes(const double* lanes);

}  // namespace inarch
