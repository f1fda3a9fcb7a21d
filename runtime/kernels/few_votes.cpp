#include "runtime/kernels/few_votes.h"

#include <algorithm>
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

/// Whether all are zeros or far from both ends of what f32 can hold.
INARCH_MULTIVERSION
bool are_moderate(const float* d, std::int64_t n) {
  constexpr auto least = std::bit_cast<std::uint32_t>(0x1p-60F);
  constexpr auto most = std::bit_cast<std::uint32_t>(0x1p60F);
  std::uint32_t others = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t size = std::bit_cast<std::uint32_t>(d[i]) & 0x7fffffffU;
    others |= (size != 0 ? 1U : 0U) & (size - least > most - least ? 1U : 0U);
  }
  return others == 0;
}

/// In f32, for weights that are powers of two and moderate values. Products and the quotient are
/// exact, and a sum of two is rounded as if it had been rounded to f64 before (Figueroa: "When is
/// double rounding innocuous?", 1995).
template <bool normalize>
[[gnu::always_inline]] inline void two_loop_f32(const Ballot& ballot, std::int64_t n,
                                                float* __restrict result) {
  const float* const x = ballot.differences[0];
  const float* const y = ballot.differences[1];
  const auto v = static_cast<float>(ballot.weights[0]), w = static_cast<float>(ballot.weights[1]);
  const auto of = [](float sum) { return sum == 0 ? 1.0F : 1.0F / sum; };
  const float of_x = of(v), of_y = of(w), of_both = of(v + w);
  INARCH_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    const float a = v * x[i], b = w * y[i];
    const float elected = a + b >= 0 ? 1.0F : -1.0F;
    const bool a_agrees = a * elected > 0, b_agrees = b * elected > 0;
    const float kept = (a_agrees ? a : 0.0F) + (b_agrees ? b : 0.0F);
    const float with_a = b_agrees ? of_both : of_x, without_a = b_agrees ? of_y : 1.0F;
    result[i] = normalize ? kept * (a_agrees ? with_a : without_a) : kept;
  }
}
INARCH_MULTIVERSION
void votes_of_two_f32(const Ballot& ballot, bool normalize, std::int64_t n, float* result) {
  if (normalize) {
    two_loop_f32<true>(ballot, n, result);
  } else {
    two_loop_f32<false>(ballot, n, result);
  }
}

/// Portion by portion, so that one large value slows down few.
void votes_by_powers(const Ballot& ballot, Divisor divisor, std::int64_t n, float* result) {
  constexpr std::int64_t portion = 1024;
  for (std::int64_t at = 0; at < n; at += portion) {
    const std::int64_t count = std::min(portion, n - at);
    const float* const differences[] = {ballot.differences[0] + at, ballot.differences[1] + at};
    const Ballot part = {differences, ballot.weights, ballot.electing, ballot.least};
    if (are_moderate(differences[0], count) && are_moderate(differences[1], count)) {
      votes_of_two_f32(part, divisor != Divisor::none, count, result + at);
    } else {
      votes_of_two(part, divisor, count, result + at);
    }
  }
}

/// Whether multiplying by 1 / d is dividing by d: 1 / d is exact, and both round the same number.
bool is_power_of_two(double d) {
  constexpr double most = 0x1p1000;
  int exponent = 0;
  const double size = std::fabs(d);
  return size <= most && size >= 1 / most && std::frexp(size, &exponent) == 0.5;
}

/// Of weights so moderate that their products with moderate values are normal numbers of f32.
bool are_moderate_powers(std::span<const double> weights) {
  constexpr double most = 0x1p20;
  return std::all_of(weights.begin(), weights.end(), [](double w) {
    return is_power_of_two(w) && std::fabs(w) <= most && std::fabs(w) >= 1 / most;
  });
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
  const bool by_powers = divisor == Divisor::none || divisor == Divisor::power_of_two;
  if (count == 2 && how.weighted && by_powers && are_moderate_powers(weights.first(count))) {
    votes_by_powers(ballot, divisor, n, result);
  } else if (count == 2) {
    votes_of_two(ballot, divisor, n, result);
  } else {
    votes_of_three(ballot, divisor, n, result);
  }
  return true;
}

}  // namespace inarch
