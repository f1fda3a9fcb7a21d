#pragma once

#include <cstdint>

namespace inarch {

/// One bit for each value, from the lowest bit of a byte on; `first` is the number of a portion's
/// first value.

/// Sets the bits of [first, first + n) to whether the value is other than 0.
void set_mask(const float* values, std::int64_t first, std::int64_t n, std::uint8_t* mask);
void set_mask(const double* values, std::int64_t first, std::int64_t n, std::uint8_t* mask);
/// The same from bits: that of element first + i is bit first mod 8 + i of `bits`.
void copy_mask(const std::uint8_t* bits, std::int64_t first, std::int64_t n, std::uint8_t* mask);
/// Values without a bit become 0.
void keep_masked(const std::uint8_t* mask, std::int64_t first, std::int64_t n, float* values);
void keep_masked(const std::uint8_t* mask, std::int64_t first, std::int64_t n, double* values);

}  // namespace inarch
