#include "runtime/kernels/normal_quantile.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

using Polynomial = std::array<double, 8>;

// The coefficients of the paper: numerator and denominator of three rational approximations, for
// the middle (a, b), the tails (c, d) and the far tails (e, f).
constexpr Polynomial a = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                          1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                          3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr Polynomial b = {1.0,
                          4.2313330701600911252e1,
                          6.8718700749205790830e2,
                          5.3941960214247511077e3,
                          2.1213794301586595867e4,
                          3.9307895800092710610e4,
                          2.8729085735721942674e4,
                          5.2264952788528545610e3};
constexpr Polynomial c = {1.42343711074968357734e0,  4.63033784615654529590e0,
                          5.76949722146069140550e0,  3.64784832476320460504e0,
                          1.27045825245236838258e0,  2.41780725177450611770e-1,
                          2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr Polynomial d = {1.0,
                          2.05319162663775882187e0,
                          1.67638483018380384940e0,
                          6.89767334985100004550e-1,
                          1.48103976427480074590e-1,
                          1.51986665636164571966e-2,
                          5.47593808499534494600e-4,
                          1.05075007164441684324e-9};
constexpr Polynomial e = {6.65790464350110377720e0,  5.46378491116411436990e0,
                          1.78482653991729133580e0,  2.96560571828504891230e-1,
                          2.65321895265761230930e-2, 1.24266094738807843860e-3,
                          2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr Polynomial f = {1.0,
                          5.99832206555887937690e-1,
                          1.36929880922735805310e-1,
                          1.48753612908506148525e-2,
                          7.86869131145613259100e-4,
                          1.84631831751005468180e-5,
                          1.42151175831644588870e-7,
                          2.04426310338993978564e-15};

inline double evaluate(const Polynomial& p, double x) {
  return ((((((p[7] * x + p[6]) * x + p[5]) * x + p[4]) * x + p[3]) * x + p[2]) * x + p[1]) * x +
         p[0];
}

// ln x = exponent · ln 2 + 2 artanh(s), s = (m − 1) / (m + 1), m in [√½, √2): |s| < 0.1716, so that
// eleven terms of the series reach 10^-18.
inline double log_of(double x) {
  constexpr std::uint64_t sqrt_half = std::bit_cast<std::uint64_t>(0.70710678118654752440);
  constexpr std::uint64_t one = std::bit_cast<std::uint64_t>(1.0);
  constexpr std::uint64_t fraction = (std::uint64_t{1} << 52) - 1;
  constexpr std::uint64_t two52 = std::bit_cast<std::uint64_t>(4503599627370496.0);
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(x) + (one - sqrt_half);
  // The biased exponent becomes a double by being the last bits of 2^52.
  const double exponent =
      std::bit_cast<double>(two52 | (shifted >> 52)) - (4503599627370496.0 + 1023.0);
  const double m = std::bit_cast<double>((shifted & fraction) + sqrt_half);
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double series = 1.0 / 23.0;
  series = series * z + 1.0 / 21.0;
  series = series * z + 1.0 / 19.0;
  series = series * z + 1.0 / 17.0;
  series = series * z + 1.0 / 15.0;
  series = series * z + 1.0 / 13.0;
  series = series * z + 1.0 / 11.0;
  series = series * z + 1.0 / 9.0;
  series = series * z + 1.0 / 7.0;
  series = series * z + 1.0 / 5.0;
  series = series * z + 1.0 / 3.0;
  const double log_m = 2.0 * s + 2.0 * s * z * series;
  return exponent * 0.69314718055994530942 + log_m;
}

INARCH_MULTIVERSION
void middle(const double* __restrict u, std::int64_t n, double* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double q = u[i] - 0.5;
    const double r = 0.180625 - q * q;
    target[i] = q * evaluate(a, r) / evaluate(b, r);
  }
}

// r = √(−ln p) for the near tails.
INARCH_MULTIVERSION
void near_tail(const double* __restrict r, std::int64_t n, double* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double x = r[i] - 1.6;
    target[i] = evaluate(c, x) / evaluate(d, x);
  }
}

double far_tail(double r) {
  const double x = r - 5.0;
  return evaluate(e, x) / evaluate(f, x);
}

}  // namespace

INARCH_MULTIVERSION
void logarithm(const double* __restrict x, std::int64_t n, double* __restrict target) {
  for (std::int64_t i = 0; i < n; ++i) target[i] = log_of(x[i]);
}

void normal_quantile(const double* u, std::int64_t n, double* target) {
  assert(n <= quantile_batch);
  std::array<std::int64_t, quantile_batch + 1> place;
  std::array<double, quantile_batch + 1> p = {};
  std::array<double, quantile_batch> r;
  middle(u, n, target);
  // The tails, 15 of 100 values, are gathered, so that theirs is a loop without branches too.
  std::size_t tails = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    place[tails] = i;
    p[tails] = std::min(u[i], 1.0 - u[i]);
    tails += std::fabs(u[i] - 0.5) > 0.425 ? 1U : 0U;
  }
  const auto count = static_cast<std::int64_t>(tails);
  logarithm(p.data(), count, r.data());
  for (std::size_t k = 0; k < tails; ++k) r[k] = std::sqrt(-r[k]);
  near_tail(r.data(), count, p.data());
  for (std::size_t k = 0; k < tails; ++k) {
    const double z = r[k] > 5.0 ? far_tail(r[k]) : p[k];
    target[place[k]] = u[place[k]] < 0.5 ? -z : z;
  }
}

}  // namespace inarch
