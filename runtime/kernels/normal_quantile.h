#pragma once

#include <cstdint>

namespace inarch {

/// target[i] = Φ⁻¹(u[i]) for 0 < u < 1, the quantile of the standard normal distribution, to about
/// 1 part in 10^16: algorithm AS 241 (PPND16; Wichura, Applied Statistics 37, 1988). Adds,
/// multiplies, divides and takes square roots only, so the bits do not depend on the C library or
/// the processor. `n` is at most quantile_batch; the memories do not overlap.
inline constexpr std::int64_t quantile_batch = 256;
void normal_quantile(const double* u, std::int64_t n, double* target);

/// The natural logarithm of a positive normal number, within 4 units in the last place.
void logarithm(const double* x, std::int64_t n, double* target);

}  // namespace inarch
