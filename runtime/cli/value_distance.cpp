#include "runtime/cli/value_distance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "runtime/cli/lanes.h"
#include "runtime/kernels/multiversion.h"
#include "runtime/kernels/reduce.h"

namespace inarch {

namespace {

struct Sums {
  Lanes differing{}, largest{}, squares{}, a_squares{}, b_squares{}, products{};
};

/// `n` is a multiple of `lanes`.
INARCH_MULTIVERSION
void add_lanes(const double* a, const double* b, std::int64_t n, Sums& sums) {
  Sums s = sums;
  for (std::int64_t i = 0; i < n; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double x = a[i + static_cast<std::int64_t>(lane)];
      const double y = b[i + static_cast<std::int64_t>(lane)];
      const double step = x - y;
      const double size = std::fabs(step);
      s.differing[lane] += x != y ? 1.0 : 0.0;
      s.largest[lane] = size > s.largest[lane] ? size : s.largest[lane];
      s.squares[lane] += step * step;
      s.a_squares[lane] += x * x;
      s.b_squares[lane] += y * y;
      s.products[lane] += x * y;
    }
  }
  sums = s;
}

void add_finite(const double* a, const double* b, std::int64_t n, ValueDistance& distance) {
  Sums sums;
  const std::int64_t whole = n / lanes * lanes;
  add_lanes(a, b, whole, sums);
  Lanes a_rest{}, b_rest{};  // zeros add nothing
  std::copy(a + whole, a + n, a_rest.begin());
  std::copy(b + whole, b + n, b_rest.begin());
  add_lanes(a_rest.data(), b_rest.data(), lanes, sums);
  distance.count += n;
  distance.differing += static_cast<std::int64_t>(total(sums.differing));
  distance.largest =
      std::max(distance.largest, *std::max_element(sums.largest.begin(), sums.largest.end()));
  distance.squares += total(sums.squares);
  distance.a_squares += total(sums.a_squares);
  distance.b_squares += total(sums.b_squares);
  distance.products += total(sums.products);
}

/// Moves the pairs of finite numbers to the front; returns how many there are.
std::int64_t keep_finite(double* a, double* b, std::int64_t n, ValueDistance& distance) {
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (std::isfinite(a[i]) && std::isfinite(b[i])) {
      a[kept] = a[i];
      b[kept++] = b[i];
      continue;
    }
    ++distance.count;
    const bool equal = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
    if (equal) continue;
    ++distance.differing;
    ++distance.not_finite;
  }
  return kept;
}

}  // namespace

double ValueDistance::relative() const {
  if (squares == 0) return 0;
  if (a_squares == 0) return std::numeric_limits<double>::infinity();
  return std::sqrt(squares / a_squares);
}

double ValueDistance::cosine() const {
  if (a_squares == 0 && b_squares == 0) return 1;
  if (a_squares == 0 || b_squares == 0) return 0;
  return std::clamp(products / (std::sqrt(a_squares) * std::sqrt(b_squares)), -1.0, 1.0);
}

void ValueDistance::add(double* a, double* b, std::int64_t n) {
  if (count_non_finite(a, n) + count_non_finite(b, n) > 0) n = keep_finite(a, b, n, *this);
  add_finite(a, b, n, *this);
}

void ValueDistance::merge(const ValueDistance& other) {
  count += other.count;
  differing += other.differing;
  not_finite += other.not_finite;
  largest = std::max(largest, other.largest);
  squares += other.squares;
  a_squares += other.a_squares;
  b_squares += other.b_squares;
  products += other.products;
}

}  // namespace inarch
