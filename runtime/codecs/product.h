#pragma once

#include <limits>

namespace inarch {

/// One product, rounded once. What a NaN carries depends on the order of the operands, which a
/// compiler chooses anew in each version of a loop: hence one NaN for all, 0x7fc00000.
inline float canonical_product(float a, float b) {
  const float product = a * b;
  return product == product ? product : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace inarch
