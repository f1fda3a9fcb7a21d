#pragma once

#include <array>
#include <cstdint>

namespace inarch {

/// Sums run in lanes, so that they vectorise and come out the same on every processor.
inline constexpr std::int64_t lanes = 8;
using Lanes = std::array<double, lanes>;

inline double total(const Lanes& sums) {
  double sum = 0;
  for (const double lane : sums) sum += lane;
  return sum;
}

}  // namespace inarch
