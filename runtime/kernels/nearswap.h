#pragma once

#include <cstdint>

namespace inarch {

/// a[i] = w b[i] + (1 − w) a[i] with w = clamp(t / max(|a[i] − b[i]|, 1e-6), 0, 1): what differs by
/// less than t is taken from b, and nothing moves by more than t. In place of a.
void nearswap(const float* b, double t, std::int64_t n, float* a);
void nearswap(const double* b, double t, std::int64_t n, double* a);

}  // namespace inarch
