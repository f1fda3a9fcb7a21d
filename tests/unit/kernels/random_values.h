#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace inarch {

/// The same numbers each time, around 1 and with a deviation of 100.
template <typename T>
std::vector<T> random_values(std::int64_t count) {
  std::mt19937 generator(8);
  std::normal_distribution<double> normal(1, 100);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = static_cast<T>(normal(generator));
  return values;
}

}  // namespace inarch
