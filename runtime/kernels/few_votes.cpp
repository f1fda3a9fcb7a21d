#include "runtime/kernels/few_votes.h"

#include <bit>
#include <cmath>
#include <cstddef>

#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

enum class Divisor : std::uint8_t { none, power_of_two, any, at_least };

struct Ballot {
  const float* const* differences;
  const double* weights;
  const double* electing;  // what each weighs in the election
  double least;
};

/// 1 / d for d = ±2^e with both in the normal range: only the exponent changes.
inline double reciprocal_of_power(double d) {
  constexpr std::uint64_t exponents = std::uint64_t{2046} << 52;
  return std::bit_cast<double>(exponents - std::bit_cast<std::uint64_t>(d));
}

template <Divisor divisor>
inline double share_of(double kept, double weights, double least) {
  if constexpr (divisor == Divisor::none) return kept;
  if constexpr (divisor == Divisor::at_least) return kept / (weights < least ? least : weights);
  const double by = weights == 0 ? 1.0 : weights;
  if constexpr (divisor == Divisor::power_of_two) return kept * reciprocal_of_power(by);
  return kept / by;
}

template <std::size_t count, Divisor divisor>
[[gnu::always_inline]] inline void few_loop(const Ballot& ballot, std::int64_t n,
                                            float* __restrict result) {
  const float* d[count];
  double w[count], e[count];
  for (std::size_t k = 0; k < count; ++k) {
    d[k] = ballot.differences[k];
    w[k] = ballot.weights[k];
    e[k] = ballot.electing[k];
  }
  const double least = ballot.least;
  INARCH_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += e[k] * static_cast<double>(d[k][i]);
    const double elected = sum >= 0 ? 1.0 : -1.0;
    double kept = 0, weights = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const double value = w[k] * static_cast<double>(d[k][i]);
      const bool agrees = value * elected > 0;
      kept += agrees ? value : 0.0;
      weights += agrees ? w[k] : 0.0;
    }
    result[i] = static_cast<float>(share_of<divisor>(kept, weights, least));
  }
}

template <std::size_t count>
[[gnu::always_inline]] inline void any_divisor(const Ballot& ballot, Divisor divisor,
                                               std::int64_t n, float* result) {
  if (divisor == Divisor::none) few_loop<count, Divisor::none>(ballot, n, result);
  if (divisor == Divisor::power_of_two) few_loop<count, Divisor::power_of_two>(ballot, n, result);
  if (divisor == Divisor::any) few_loop<count, Divisor::any>(ballot, n, result);
  if (divisor == Divisor::at_least) few_loop<count, Divisor::at_least>(ballot, n, result);
}

INARCH_MULTIVERSION
void votes_of_two(const Ballot& ballot, Divisor divisor, std::int64_t n, float* result) {
  any_divisor<2>(ballot, divisor, n, result);
}
INARCH_MULTIVERSION
void votes_of_three(const Ballot& ballot, Divisor divisor, std::int64_t n, float* result) {
  any_divisor<3>(ballot, divisor, n, result);
}

/// Whether multiplying by 1 / d is dividing by d: 1 / d is exact, and both round the same number.
bool is_power_of_two(double d) {
  constexpr double most = 0x1p1000;
  int exponent = 0;
  const double size = std::fabs(d);
  return size <= most && size >= 1 / most && std::frexp(size, &exponent) == 0.5;
}

/// Of all sums that votes may come to.
bool are_powers_of_two(std::span<const double> weights) {
  for (std::size_t votes = 1; votes < std::size_t{1} << weights.size(); ++votes) {
    double sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k)
      sum += ((votes >> k) & 1U) != 0 ? weights[k] : 0;
    if (sum != 0 && !is_power_of_two(sum)) return false;
  }
  return true;
}

Divisor divisor_of(const Election& how, std::span<const double> weights) {
  if (!how.normalize) return Divisor::none;
  if (how.least > 0) return Divisor::at_least;
  return are_powers_of_two(weights) ? Divisor::power_of_two : Divisor::any;
}

}  // namespace

bool vote_of_few(std::span<const float* const> differences, std::span<const double> weights,
                 const Election& how, std::int64_t n, float* result) {
  const std::size_t count = differences.size();
  if (count != 2 && count != 3) return false;
  constexpr double alike[] = {1, 1, 1};
  const Ballot ballot = {differences.data(), weights.data(), how.weighted ? weights.data() : alike,
                         how.least};
  const Divisor divisor = divisor_of(how, weights.first(count));
  if (count == 2) {
    votes_of_two(ballot, divisor, n, result);
  } else {
    votes_of_three(ballot, divisor, n, result);
  }
  return true;
}

}  // namespace inarch
