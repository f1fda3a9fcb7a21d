#pragma once

#include <cstdint>

namespace inarch {

/// One bit for each value, from the lowest bit of a byte on; `first` is the number of a portion's
/// first value.

/// Sets the bits of [first, first + n) to whether the value is other than 0.
void set_mask(const float* values, std::int64_t first, std::int64_t n, std::uint8_t* mask);
void set_mask(const double* values, std::int64_t first, std::int64_t n, std::uint8_t* mask);
/// Values without a bit become 0.
void keep_masked(const std::uint8_t* mask, std::int64_t first, std::int64_t n, float* values);
void keep_masked(const std::uint8_t* mask, std::int64_t first, std::int64_t n, double* values);

}  // namespace inarch
