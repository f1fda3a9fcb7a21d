#include "runtime/kernels/low_rank.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/kernels/random.h"

namespace inarch {
namespace {

using Matrix = std::vector<double>;  // row-major

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

double dot(const double* a, const double* b, std::int64_t n) {
  std::array<double, 4> sums{};
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (std::size_t j = 0; j < 4; ++j) sums[j] += a[at(i) + j] * b[at(i) + j];
  }
  for (; i < n; ++i) sums[0] += a[i] * b[i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}

/// Makes two vectors orthogonal. False if they were.
bool rotate(double* a, double* b, std::int64_t n, double& aa, double& bb) {
  const double ab = dot(a, b, n);
  if (aa * bb == 0 || std::fabs(ab) <= 1e-9 * std::sqrt(aa * bb)) return false;
  const double zeta = (bb - aa) / (2 * ab);
  const double t = std::copysign(1 / (std::fabs(zeta) + std::hypot(1, zeta)), zeta);
  const double c = 1 / std::hypot(1, t), s = c * t;
  for (std::int64_t i = 0; i < n; ++i) {
    const double turned = c * a[i] - s * b[i];
    b[i] = s * a[i] + c * b[i];
    a[i] = turned;
  }
  aa = dot(a, a, n);
  bb = dot(b, b, n);
  return true;
}

/// Singular values of w[m, n], falling, by one-sided Jacobi rotations (Hestenes, "Inversion of
/// matrices by biorthogonalization and related results", J. SIAM 6, 1958): slow, and precise to
/// nearly f64's last digits for each value.
Matrix jacobi_singular_values(std::int64_t m, std::int64_t n, const Matrix& w) {
  // Vectors are the shorter side's, each contiguous.
  const std::int64_t count = std::min(m, n), length = std::max(m, n);
  Matrix x(at(count * length));
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      x[at(m <= n ? i * length + j : j * length + i)] = w[at(i * n + j)];
    }
  }
  Matrix squares(at(count));
  for (std::int64_t i = 0; i < count; ++i) {
    squares[at(i)] = dot(&x[at(i * length)], &x[at(i * length)], length);
  }
  for (bool turned = true; turned;) {
    turned = false;
    for (std::int64_t p = 0; p < count; ++p) {
      for (std::int64_t q = p + 1; q < count; ++q) {
        turned |=
            rotate(&x[at(p * length)], &x[at(q * length)], length, squares[at(p)], squares[at(q)]);
      }
    }
  }
  Matrix values(at(count));
  for (std::int64_t i = 0; i < count; ++i) values[at(i)] = std::sqrt(squares[at(i)]);
  std::sort(values.begin(), values.end(), std::greater<>());
  return values;
}

double sum_from(const Matrix& values, std::int64_t first) {
  double sum = 0;
  for (std::size_t i = at(first); i < values.size(); ++i) sum += values[i] * values[i];
  return sum;
}

struct Factors {
  LowRankResult result;
  std::vector<float> a, b;
  Matrix values;
};

/// With scratch of exactly the size that was promised, off any alignment, and NaN in what is to be
/// written.
Factors factor(const LowRankProblem& problem, std::vector<float> w) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Factors f;
  f.a.assign(at(problem.rows * problem.rank), nan);
  f.b.assign(at(problem.rank * problem.columns), nan);
  f.values.assign(at(problem.rank), std::nan(""));
  const std::size_t bytes = at(low_rank_scratch_bytes(problem));
  std::vector<std::byte> scratch(bytes + 4, std::byte{0xff});
  f.result = low_rank(problem, w.data(), f.a.data(), f.b.data(), f.values,
                      std::span(scratch).subspan(4, bytes));
  return f;
}

LowRankProblem problem_of(std::int64_t m, std::int64_t n, std::int64_t r) {
  LowRankProblem problem;
  problem.rows = m;
  problem.columns = n;
  problem.rank = r;
  return problem;
}

/// ‖(W − AB) · diag(scale)‖² by the definition.
double error_of(const LowRankProblem& p, const std::vector<float>& w, const Factors& f,
                const Matrix& scale = {}) {
  double sum = 0;
  for (std::int64_t i = 0; i < p.rows; ++i) {
    for (std::int64_t j = 0; j < p.columns; ++j) {
      double rest = static_cast<double>(w[at(i * p.columns + j)]);
      for (std::int64_t k = 0; k < p.rank; ++k) {
        rest -= static_cast<double>(f.a[at(i * p.rank + k)]) *
                static_cast<double>(f.b[at(k * p.columns + j)]);
      }
      rest *= scale.empty() ? 1.0 : scale[at(j)];
      sum += rest * rest;
    }
  }
  return sum;
}

std::vector<float> gaussian(std::int64_t m, std::int64_t n, const std::string& key = "w") {
  std::vector<float> w(at(m * n));
  fill_normal(7, key, 0, m * n, 0, 0.02, w.data());
  return w;
}

/// Σ over `inner` components of nearly orthogonal vectors with weights `sigma(k)`.
std::vector<float> with_spectrum(std::int64_t m, std::int64_t n, std::int64_t inner,
                                 const std::function<double(std::int64_t)>& sigma) {
  const std::vector<float> a = gaussian(m, inner, "a"), b = gaussian(inner, n, "b");
  Matrix w(at(m * n));
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t k = 0; k < inner; ++k) {
      const double left = static_cast<double>(a[at(i * inner + k)]) * sigma(k);
      for (std::int64_t j = 0; j < n; ++j) {
        w[at(i * n + j)] += left * static_cast<double>(b[at(k * n + j)]);
      }
    }
  }
  return {w.begin(), w.end()};
}

void add_noise(double deviation, std::vector<float>& w) {
  std::vector<float> noise(w.size());
  fill_normal(9, "noise", 0, static_cast<std::int64_t>(w.size()), 0, deviation, noise.data());
  for (std::size_t i = 0; i < w.size(); ++i) w[i] += noise[i];
}

void round_to_bf16(std::vector<float>& w) {
  for (float& value : w) {
    std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    bits += 0x7fffU + ((bits >> 16) & 1U);
    value = std::bit_cast<float>(bits & 0xffff0000U);
  }
}

/// Errors within `factor` of the best and as reported, singular values near the true ones and no
/// greater.
void expect_close(const LowRankProblem& problem, const std::vector<float>& w, double factor_of_best,
                  const std::string& what) {
  SCOPED_TRACE(what + " " + std::to_string(problem.rows) + "x" + std::to_string(problem.columns) +
               " rank " + std::to_string(problem.rank));
  const Factors f = factor(problem, w);
  ASSERT_EQ(f.result.fault, LowRankFault::none);
  const Matrix values = jacobi_singular_values(problem.rows, problem.columns, {w.begin(), w.end()});
  const double norm = sum_from(values, 0);
  EXPECT_NEAR(f.result.squared_norm, norm, 1e-12 * norm);
  const double best = sum_from(values, std::min(problem.rank, std::ssize(values) + 0L));
  const double error = error_of(problem, w, f);
  // What f32 factors cannot do better.
  const double floor = 5e-7 * std::sqrt(norm);
  EXPECT_LE(std::sqrt(error), factor_of_best * std::sqrt(best) + floor);
  EXPECT_NEAR(f.result.squared_error, error, 1e-4 * error + 1e-15 * norm);
  EXPECT_EQ(f.result.weighted_squared_error, f.result.squared_error);
  for (std::int64_t i = 0; i < problem.rank; ++i) {
    const double sigma = i < std::ssize(values) ? values[at(i)] : 0.0;
    EXPECT_LE(f.values[at(i)], sigma * (1 + 1e-6) + floor);
    EXPECT_LE(f.values[at(i)], i > 0 ? f.values[at(i - 1)] : f.values[at(i)]);
  }
}

TEST(LowRank, SmallMatricesGetTheExactFactors) {
  for (const auto& [m, n, r] : {std::array<std::int64_t, 3>{8, 8, 4},
                                {1, 1, 1},
                                {1, 9, 1},
                                {9, 1, 1},
                                {5, 3, 2},
                                {3, 5, 2},
                                {64, 40, 16},
                                {40, 64, 16},
                                {30, 300, 7},
                                {300, 30, 7}}) {
    const LowRankProblem problem = problem_of(m, n, r);
    EXPECT_TRUE(factor(problem, gaussian(m, n)).result.exact);
    expect_close(problem, gaussian(m, n), 1 + 1e-5, "gaussian");
    expect_close(
        problem,
        with_spectrum(m, n, std::min(m, n),
                      [](std::int64_t k) { return std::pow(0.3, static_cast<double>(k)); }),
        1 + 1e-5, "geometric");
  }
}

TEST(LowRank, AllComponentsAreTheMatrix) {
  for (const auto& [m, n, r] : {std::array<std::int64_t, 3>{12, 12, 12},
                                {12, 7, 7},
                                {7, 12, 7},
                                {7, 12, 10},
                                {12, 7, 20},
                                {1, 5, 3},
                                {180, 200, 180}}) {
    const LowRankProblem problem = problem_of(m, n, r);
    const Factors f = factor(problem, gaussian(m, n));
    EXPECT_EQ(f.result.components, std::min(m, n));
    expect_close(problem, gaussian(m, n), 1, "gaussian");
  }
}

class LowRankSketch : public testing::TestWithParam<std::array<std::int64_t, 3>> {};

TEST_P(LowRankSketch, IsWithinHalfAPercentOfTheBest) {
  const auto [m, n, r] = GetParam();
  LowRankProblem problem = problem_of(m, n, r);
  problem.oversampling = 0;
  std::vector<float> w = gaussian(m, n);
  EXPECT_FALSE(factor(problem, w).result.exact);
  round_to_bf16(w);
  expect_close(problem, w, 1.005, "gaussian in bf16");
#ifdef INARCH_SANITIZED
  return;  // the oracle takes minutes there, and touches nothing of ours
#endif
  const std::int64_t all = std::min(m, n);
  const auto power = [](double p) {
    return [p](std::int64_t k) { return std::pow(static_cast<double>(k + 1), -p); };
  };
  expect_close(problem, with_spectrum(m, n, all, power(1)), 1.005, "1 / k");
  expect_close(problem, with_spectrum(m, n, all, power(2)), 1.005, "1 / k²");
  w = with_spectrum(m, n, r / 2, power(0));
  expect_close(problem, w, 1.005, "of half the rank");
  add_noise(2e-5, w);
  expect_close(problem, w, 1.005, "of half the rank, with noise");
  w = with_spectrum(m, n, r, power(0));
  add_noise(2e-7, w);
  expect_close(problem, w, 1.005, "of the rank, with little noise");
}

INSTANTIATE_TEST_SUITE_P(Shapes, LowRankSketch,
                         testing::Values(std::array<std::int64_t, 3>{200, 200, 16},
                                         std::array<std::int64_t, 3>{194, 210, 24},
                                         std::array<std::int64_t, 3>{230, 195, 24}));

TEST(LowRank, EqualSingularValuesAreAllFound) {
  // Two rotations' worth of ones: 20 equal values, and noise that a block would rather follow.
  constexpr std::int64_t n = 200, count = 20;
  std::vector<float> w(at(n * n));
  for (std::int64_t i = 0; i < count; ++i) w[at((7 * i % n) * n + 3 * i % n)] = 1;
  LowRankProblem problem = problem_of(n, n, count);
  problem.oversampling = 0;
  expect_close(problem, w, 1.005, "equal");
  add_noise(0.004, w);
  expect_close(problem, w, 1.005, "equal, with noise");
  std::vector<float> unit(at(n * n));
  for (std::int64_t i = 0; i < n; ++i) unit[at(i * n + i)] = 1;
  expect_close(problem, unit, 1.005, "identity");
}

TEST(LowRank, ZerosHaveZeroFactors) {
  for (const std::int64_t n : {6, 260}) {
    const LowRankProblem problem = problem_of(n, n, 4);
    const Factors f = factor(problem, std::vector<float>(at(n * n)));
    EXPECT_EQ(f.result.fault, LowRankFault::none);
    EXPECT_EQ(f.result.components, 0);
    EXPECT_EQ(f.result.squared_error, 0);
    EXPECT_EQ(f.result.squared_norm, 0);
    EXPECT_TRUE(std::all_of(f.a.begin(), f.a.end(), [](float v) { return v == 0; }));
    EXPECT_TRUE(std::all_of(f.b.begin(), f.b.end(), [](float v) { return v == 0; }));
    EXPECT_EQ(f.values, Matrix(4, 0.0));
  }
}

TEST(LowRank, RefusesWhatIsNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
    for (const std::int64_t n : {8, 260}) {
      std::vector<float> w = gaussian(n, n);
      w[at(n * n - 3)] = bad;
      EXPECT_EQ(factor(problem_of(n, n, 4), w).result.fault, LowRankFault::not_finite);
    }
  }
}

TEST(LowRank, MagnitudesDoNotMatter) {
  for (const std::int64_t n : {20, 260}) {
    LowRankProblem problem = problem_of(n, n, 8);
    const Factors plain = factor(problem, gaussian(n, n));
    for (const int exponent : {-90, 100}) {
      std::vector<float> w = gaussian(n, n);
      for (float& value : w) value = std::ldexp(value, exponent);
      const Factors f = factor(problem, w);
      ASSERT_EQ(f.result.fault, LowRankFault::none);
      EXPECT_NEAR(std::ldexp(f.result.squared_error, -2 * exponent), plain.result.squared_error,
                  1e-6 * plain.result.squared_error);
      EXPECT_NEAR(std::ldexp(f.values[0], -exponent), plain.values[0], 1e-6 * plain.values[0]);
      EXPECT_NEAR(error_of(problem, w, f), f.result.squared_error, 1e-4 * f.result.squared_error);
    }
    std::vector<float> huge(at(n * n), 3e38F);
    problem.split = FactorSplit::left;
    EXPECT_EQ(factor(problem, huge).result.fault, LowRankFault::too_large);
    problem.split = FactorSplit::both;
    EXPECT_EQ(factor(problem, huge).result.fault, LowRankFault::none);
  }
}

TEST(LowRank, SplitsTheSingularValues) {
  for (const auto& [m, n] :
       {std::array<std::int64_t, 2>{20, 12}, {12, 20}, {260, 280}, {280, 260}}) {
    for (const FactorSplit split : {FactorSplit::both, FactorSplit::left, FactorSplit::right}) {
      LowRankProblem problem = problem_of(m, n, 6);
      problem.split = split;
      const std::vector<float> w = gaussian(m, n);
      const Factors f = factor(problem, w);
      EXPECT_NEAR(error_of(problem, w, f), f.result.squared_error, 1e-5 * f.result.squared_error);
      for (std::int64_t k = 0; k < 6; ++k) {
        double a = 0, b = 0, greatest = 0;
        for (std::int64_t i = 0; i < m; ++i) {
          const double value = static_cast<double>(f.a[at(i * 6 + k)]);
          a += value * value;
          if (std::fabs(value) > std::fabs(greatest)) greatest = value;
        }
        for (std::int64_t j = 0; j < n; ++j) {
          const double value = static_cast<double>(f.b[at(k * n + j)]);
          b += value * value;
        }
        const double sigma = f.values[at(k)];
        const double on_a = split == FactorSplit::both   ? sigma
                            : split == FactorSplit::left ? sigma * sigma
                                                         : 1;
        EXPECT_NEAR(a, on_a, 1e-5 * on_a);
        EXPECT_NEAR(a * b, sigma * sigma, 1e-5 * sigma * sigma);
        EXPECT_GT(greatest, 0);
      }
    }
  }
}

TEST(LowRank, SameArgumentsSameBits) {
  LowRankProblem problem = problem_of(280, 260, 12);
  problem.key = "layer.3";
  const std::vector<float> w = gaussian(280, 260);
  const Factors first = factor(problem, w);
  ASSERT_FALSE(first.result.exact);
  std::array<Factors, 2> others;
  std::thread one([&] { others[0] = factor(problem, w); });
  std::thread two([&] { others[1] = factor(problem, w); });
  one.join();
  two.join();
  for (const Factors& other : others) {
    EXPECT_EQ(other.a, first.a);
    EXPECT_EQ(other.b, first.b);
    EXPECT_EQ(other.values, first.values);
    EXPECT_EQ(other.result.squared_error, first.result.squared_error);
  }
  problem.key = "layer.4";
  EXPECT_NE(factor(problem, w).a, first.a);
  problem.key = "layer.3";
  problem.seed = 1;
  EXPECT_NE(factor(problem, w).a, first.a);
}

TEST(LowRank, TakesItsStepsFromTheCaller) {
  const std::vector<float> w = gaussian(300, 300);
  LowRankProblem problem = problem_of(300, 300, 20);
  problem.oversampling = 4;
  double before = std::numeric_limits<double>::infinity();
  for (const int power : {0, 1, 2, 3}) {
    problem.power_iterations = power;
    const LowRankResult result = factor(problem, w).result;
    EXPECT_FALSE(result.exact);
    EXPECT_EQ(result.power_iterations, power);
    EXPECT_LT(result.squared_error, before);
    before = result.squared_error;
  }
  problem.exact = true;
  const LowRankResult exact = factor(problem, w).result;
  EXPECT_TRUE(exact.exact);
  EXPECT_LT(exact.squared_error, before);
}

Matrix scale_of(const std::vector<float>& moments, double damping) {
  double mean = 0;
  for (const float d : moments)
    mean += static_cast<double>(d) / static_cast<double>(moments.size());
  Matrix scale;
  for (const float d : moments) scale.push_back(std::sqrt(static_cast<double>(d) + damping * mean));
  return scale;
}

TEST(LowRank, WeighsColumnsByTheirMoments) {
  for (const auto& [m, n] :
       {std::array<std::int64_t, 2>{24, 18}, {18, 24}, {220, 200}, {200, 220}}) {
    LowRankProblem problem = problem_of(m, n, 8);
    problem.oversampling = 0;
    std::vector<float> moments(at(n));
    for (std::int64_t j = 0; j < n; ++j) moments[at(j)] = static_cast<float>((j * 7) % 11) * 0.3F;
    problem.column_scale = moments;
    const std::vector<float> w = gaussian(m, n);
    const Matrix scale = scale_of(moments, problem.damping);
    Matrix scaled(w.begin(), w.end());
    for (std::int64_t i = 0; i < m * n; ++i) scaled[at(i)] *= scale[at(i % n)];
    const Matrix values = jacobi_singular_values(m, n, scaled);
    const Factors f = factor(problem, w);
    const double best = sum_from(values, 8), norm = sum_from(values, 0);
    const double plain = error_of(problem, w, f), weighted = error_of(problem, w, f, scale);
    EXPECT_LE(std::sqrt(weighted), 1.005 * std::sqrt(best));
    EXPECT_NEAR(f.result.weighted_squared_error, weighted, 1e-5 * weighted);
    EXPECT_NEAR(f.result.squared_error, plain, 1e-5 * plain);
    EXPECT_NEAR(f.result.weighted_squared_norm, norm, 1e-6 * norm);
    EXPECT_NEAR(f.values[0], values[0], 0.02 * values[0]);
    // The unweighted factors are worse for the weighted error and better for the plain one.
    problem.column_scale = {};
    const Factors unweighted = factor(problem, w);
    EXPECT_GT(error_of(problem, w, unweighted, scale), weighted);
    EXPECT_LT(unweighted.result.squared_error, plain);
  }
}

TEST(LowRank, MomentsThatAreNone) {
  LowRankProblem problem = problem_of(12, 5, 2);
  const std::vector<float> w = gaussian(12, 5);
  const Factors plain = factor(problem, w);
  std::vector<float> moments(5, 0.0F);
  problem.column_scale = moments;
  EXPECT_EQ(factor(problem, w).a, plain.a);  // nothing known of any channel
  moments[2] = -1;
  EXPECT_EQ(factor(problem, w).result.fault, LowRankFault::bad_scale);
  moments[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(factor(problem, w).result.fault, LowRankFault::bad_scale);
  moments[2] = 4;
  problem.damping = 0;
  const Factors alone = factor(problem, w);
  EXPECT_EQ(alone.result.fault, LowRankFault::none);
  EXPECT_NEAR(alone.result.weighted_squared_error, 0, 1e-12 * alone.result.weighted_squared_norm);
}

TEST(LowRank, RankFromSingularValues) {
  const Matrix values = {3, 2, 1};  // squares 9, 4, 1 of 16
  EXPECT_EQ(rank_for_energy(values, 16, 0), 0);
  EXPECT_EQ(rank_for_energy(values, 16, 0.5), 1);
  EXPECT_EQ(rank_for_energy(values, 16, 9.0 / 16), 1);
  EXPECT_EQ(rank_for_energy(values, 16, 0.6), 2);
  EXPECT_EQ(rank_for_energy(values, 16, 14.0 / 16), 3);
  EXPECT_EQ(rank_for_energy(values, 16, 1), 3);  // not reached
  EXPECT_EQ(rank_for_energy({}, 16, 0.5), 0);
  EXPECT_EQ(rank_for_energy(values, 0, 1), 0);
  EXPECT_EQ(rank_for_error(values, 16, 1), 0);
  EXPECT_EQ(rank_for_error(values, 16, 0.75), 1);
  EXPECT_EQ(rank_for_error(values, 16, 0.5), 2);
  EXPECT_EQ(rank_for_error(values, 16, 0), 3);
}

}  // namespace
}  // namespace inarch
