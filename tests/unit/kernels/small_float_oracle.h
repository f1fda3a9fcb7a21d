#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "compiler/core/dtype.h"

namespace inarch {

/// A slow reference for types up to 16 bits wide: a table of all values, and the nearest found by
/// comparing with midpoints.
class SmallFloatOracle {
 public:
  explicit SmallFloatOracle(DType dtype) : dtype_(dtype) {
    if (dtype == DType::bf16) exponent_bits_ = 8, fraction_bits_ = 7;
    if (dtype == DType::f16) exponent_bits_ = 5, fraction_bits_ = 10;
    if (dtype == DType::f8_e5m2) exponent_bits_ = 5, fraction_bits_ = 2;
    if (dtype == DType::f8_e4m3) exponent_bits_ = 4, fraction_bits_ = 3;
    for (std::uint32_t code = 0; std::isfinite(value(code)); ++code) finite_.push_back(value(code));
  }

  std::uint32_t codes() const { return 1U << (1 + exponent_bits_ + fraction_bits_); }
  std::uint32_t sign_bit() const { return codes() / 2; }
  /// All finite values from zero up, in the order of their codes.
  const std::vector<double>& finite() const { return finite_; }
  /// What would follow the largest value if there were no end.
  double beyond() const {
    const std::size_t n = finite_.size();
    return finite_[n - 1] + (finite_[n - 1] - finite_[n - 2]);
  }

  double value(std::uint32_t code) const {
    const std::uint32_t fraction = code & ((1U << fraction_bits_) - 1);
    const int exponent = static_cast<int>((code & (sign_bit() - 1)) >> fraction_bits_);
    const int bias = (1 << (exponent_bits_ - 1)) - 1;
    const bool all_ones = exponent == (1 << exponent_bits_) - 1;
    double magnitude =
        exponent == 0 ? std::ldexp(fraction, 1 - bias - fraction_bits_)
                      : std::ldexp(1.0 + std::ldexp(fraction, -fraction_bits_), exponent - bias);
    if (dtype_ == DType::f8_e4m3) {
      if (all_ones && fraction == 7) magnitude = std::numeric_limits<double>::quiet_NaN();
    } else if (all_ones) {
      magnitude = fraction == 0 ? std::numeric_limits<double>::infinity()
                                : std::numeric_limits<double>::quiet_NaN();
    }
    return (code & sign_bit()) != 0 ? -magnitude : magnitude;
  }

  /// The code of the value nearest to x, which is not NaN.
  std::uint32_t nearest(double x) const {
    const double magnitude = std::fabs(x);
    const auto last = static_cast<std::uint32_t>(finite_.size() - 1);
    std::uint32_t low = 0;
    std::uint32_t high = last + 1;
    while (high - low > 1) {
      const std::uint32_t middle = (low + high) / 2;
      (finite_[middle] <= magnitude ? low : high) = middle;
    }
    const double above = low == last ? beyond() : finite_[low + 1];
    const double midpoint = finite_[low] + (above - finite_[low]) / 2;
    std::uint32_t code = low;
    if (magnitude > midpoint || (magnitude == midpoint && low % 2 == 1)) code = low + 1;
    if (dtype_ == DType::f8_e4m3 && code > last) code = last;
    return code | (std::signbit(x) ? sign_bit() : 0U);
  }

 private:
  DType dtype_;
  int exponent_bits_ = 0;
  int fraction_bits_ = 0;
  std::vector<double> finite_;
};

}  // namespace inarch
