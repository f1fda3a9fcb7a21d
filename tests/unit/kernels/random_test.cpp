#include "runtime/kernels/random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/kernels/normal_quantile.h"
#include "runtime/kernels/philox.h"

namespace inarch {
namespace {

using Block = std::array<std::uint32_t, 4>;

// The known answers that the authors of Philox publish with Random123 (kat_vectors, philox4x32, 10
// rounds).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(StreamOf, KnownAnswers) {
  EXPECT_EQ(stream_of(""), 0xcbf29ce484222325U);
  EXPECT_EQ(stream_of("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(stream_of("foobar"), 0x85944171f73967e8U);
}

TEST(Logarithm, StaysWithinAFewUnitsOfTheLibrary) {
  std::vector<double> x;
  for (int exponent = -60; exponent <= 10; ++exponent) {
    for (int step = 0; step < 50; ++step) x.push_back(std::ldexp(1.0 + step / 50.0, exponent));
  }
  std::vector<double> result(x.size());
  logarithm(x.data(), static_cast<std::int64_t>(x.size()), result.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double want = std::log(x[i]);
    EXPECT_NEAR(result[i], want, std::fabs(want) * 0x1p-50 + 1e-300) << x[i];
  }
}

double cumulative(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

TEST(NormalQuantile, InvertsTheDistribution) {
  std::vector<double> u = {0.5, 0.075, 0.925, 0.0749999, 0.9250001, 1e-11, 1.4e-11, 0x1p-53};
  for (int k = 1; k < 200; ++k) u.push_back(k / 200.0);
  for (int k = 4; k < 50; ++k) u.push_back(std::ldexp(1.0, -k));
  std::vector<double> z(u.size());
  normal_quantile(u.data(), static_cast<std::int64_t>(u.size()), z.data());
  for (std::size_t i = 0; i < u.size(); ++i) {
    // The condition number of Φ turns an error of z into a larger one of u.
    EXPECT_NEAR(cumulative(z[i]), u[i], u[i] * 1e-14 * (1 + z[i] * z[i])) << u[i];
  }
  EXPECT_EQ(z[0], 0.0);
  EXPECT_NEAR(z[7], -8.20953615160, 1e-9);
}

TEST(NormalQuantile, IsOddAroundTheMiddle) {
  for (const double tail : {0.25, 0.0625, 0x1p-20, 0x1p-40, 0x1p-52}) {
    const double u[] = {tail, 1.0 - tail};
    double z[2];
    normal_quantile(u, 2, z);
    EXPECT_EQ(z[0], -z[1]);
  }
}

struct Moments {
  double mean = 0;
  double variance = 0;
  double skewness = 0;
  double kurtosis = 0;
};

Moments moments(const std::vector<double>& values) {
  Moments m;
  const auto n = static_cast<double>(values.size());
  for (const double value : values) m.mean += value / n;
  for (const double value : values) {
    const double d = value - m.mean;
    m.variance += d * d / n;
    m.skewness += d * d * d / n;
    m.kurtosis += d * d * d * d / n;
  }
  m.skewness /= std::pow(m.variance, 1.5);
  m.kurtosis /= m.variance * m.variance;
  return m;
}

// The largest distance between the sample's distribution and the exact one.
template <typename Cdf>
double kolmogorov(std::vector<double> values, const Cdf& cdf) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double most = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double exact = cdf(values[i]);
    most = std::max(most, exact - static_cast<double>(i) / n);
    most = std::max(most, static_cast<double>(i + 1) / n - exact);
  }
  return most;
}

constexpr std::int64_t many = 1'000'000;

TEST(FillNormal, HasTheDistribution) {
  std::vector<double> values(many);
  fill_normal(42, "model.embed_tokens.weight", 0, many, 0.0, 1.0, values.data());
  const Moments m = moments(values);
  const double root = std::sqrt(static_cast<double>(many));
  EXPECT_LT(std::fabs(m.mean), 4 / root);
  EXPECT_LT(std::fabs(m.variance - 1), 4 * std::sqrt(2.0) / root);
  EXPECT_LT(std::fabs(m.skewness), 4 * std::sqrt(6.0) / root);
  EXPECT_LT(std::fabs(m.kurtosis - 3), 4 * std::sqrt(24.0) / root);
  EXPECT_LT(kolmogorov(values, cumulative), 1.95 / root);  // exceeded once in a thousand samples
  // 63.3 expected beyond four deviations.
  const auto far =
      std::count_if(values.begin(), values.end(), [](double z) { return std::fabs(z) > 4; });
  EXPECT_GT(far, 30);
  EXPECT_LT(far, 100);
}

TEST(FillNormal, NeighboursAreIndependent) {
  std::vector<double> values(many);
  fill_normal(1, "w", 0, many, 0.0, 1.0, values.data());
  for (const std::size_t lag : {1U, 2U, 3U, 256U, 4096U}) {
    double sum = 0;
    for (std::size_t i = 0; i + lag < values.size(); ++i) sum += values[i] * values[i + lag];
    EXPECT_LT(std::fabs(sum / static_cast<double>(many)), 4e-3) << lag;
  }
  std::vector<double> other(many);
  for (const auto& [seed, key] : {std::pair{2, "w"}, {1, "v"}, {1, ""}}) {
    fill_normal(static_cast<std::uint64_t>(seed), key, 0, many, 0.0, 1.0, other.data());
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[i] * other[i];
    EXPECT_LT(std::fabs(sum / static_cast<double>(many)), 4e-3) << seed << key;
  }
}

TEST(FillNormal, ScalesAndShifts) {
  std::vector<double> standard(100);
  std::vector<double> scaled(100);
  std::vector<float> single(100);
  fill_normal(3, "x", 0, 100, 0.0, 1.0, standard.data());
  fill_normal(3, "x", 0, 100, 1.5, 0.02, scaled.data());
  fill_normal(3, "x", 0, 100, 1.5, 0.02, single.data());
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(scaled[i], 1.5 + 0.02 * standard[i]);
    EXPECT_EQ(single[i], static_cast<float>(scaled[i]));
  }
}

template <typename Fill>
void expect_parts_equal_whole(const Fill& fill) {
  for (const std::int64_t base : {std::int64_t{0}, (std::int64_t{1} << 33) - 200}) {
    std::vector<double> whole(1000);
    fill(base, 1000, whole.data());
    for (const std::int64_t first : {0, 1, 2, 255, 256, 257, 511, 999}) {
      for (const std::int64_t n : {1, 2, 3, 256, 300}) {
        if (first + n > 1000) continue;
        std::vector<double> part(static_cast<std::size_t>(n) + 1, -99.0);
        fill(base + first, n, part.data());
        ASSERT_TRUE(std::equal(part.begin(), part.end() - 1, whole.begin() + first)) << first << n;
        ASSERT_EQ(part.back(), -99.0);
      }
    }
  }
}

TEST(Fill, AnElementDependsOnItsNumberAlone) {
  expect_parts_equal_whole([](std::int64_t first, std::int64_t n, double* dst) {
    fill_normal(9, "key", first, n, 0.5, 2.0, dst);
  });
  expect_parts_equal_whole([](std::int64_t first, std::int64_t n, double* dst) {
    fill_uniform(9, "key", first, n, -1.0, 2.0, dst);
  });
}

TEST(FillUniform, HasTheDistribution) {
  std::vector<double> values(many);
  fill_uniform(7, "w", 0, many, -0.25, 0.75, values.data());
  EXPECT_GE(*std::min_element(values.begin(), values.end()), -0.25);
  EXPECT_LT(*std::max_element(values.begin(), values.end()), 0.75);
  const double root = std::sqrt(static_cast<double>(many));
  EXPECT_LT(kolmogorov(values, [](double x) { return x + 0.25; }), 1.95 / root);
  const Moments m = moments(values);
  EXPECT_NEAR(m.mean, 0.25, 4 * std::sqrt(1.0 / 12) / root);
  EXPECT_NEAR(m.variance, 1.0 / 12, 4 * std::sqrt(1.0 / 180) / root);
}

TEST(FillUniform, StaysBelowItsUpperBound) {
  // 24 bits hold few values just below 1: many draws would round up to the bound.
  std::vector<float> values(many);
  fill_uniform(7, "w", 0, many, 1.0, 1.0 + 0x1p-21, values.data());
  EXPECT_EQ(*std::min_element(values.begin(), values.end()), 1.0F);
  EXPECT_EQ(*std::max_element(values.begin(), values.end()), std::nextafter(1.0F + 0x1p-21F, 0.0F));
  std::vector<double> wide(1000);
  fill_uniform(7, "w", 0, 1000, -1.7e308, 1.7e308, wide.data());
  for (const double value : wide) EXPECT_TRUE(std::isfinite(value));
  fill_uniform(7, "w", 0, 1000, 0.1, 0.1, wide.data());
  for (const double value : wide) EXPECT_EQ(value, 0.1);
}

// These two pin the numbers: another processor or version must not draw others.
TEST(Fill, DrawsTheseNumbers) {
  const auto block = philox4x32({1, 0, 0x8601ec8c, 0xaf63dc4c}, {5, 1});
  std::vector<double> values(4);
  fill_uniform((std::uint64_t{1} << 32) + 5, "a", 0, 4, 0.0, 1.0, values.data());
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint64_t bits = std::uint64_t{block[2 * i + 1]} << 32 | block[2 * i];
    EXPECT_EQ(values[2 + i], std::ldexp(static_cast<double>(bits >> 12), -52));
  }
}

TEST(Fill, DrawsTheseNormals) {
  std::vector<double> values(6);
  fill_normal(0, "model.norm.weight", 0, 6, 0.0, 1.0, values.data());
  EXPECT_EQ(values, (std::vector<double>{-0x1.7480bc3d8ac6bp-3, 0x1.90ec68bb651eap+0,
                                         0x1.74f071d59b3d7p-1, 0x1.3cc06263b0572p-3,
                                         0x1.f0ebc796df918p+0, 0x1.9f6734d12f219p-5}));
  values.resize(100'000);
  fill_normal(1, "w", 3, 100'000, 0.0, 1.0, values.data());
  std::uint64_t hash = 0;
  for (const double value : values) {
    hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 1099511628211U;
  }
  EXPECT_EQ(hash, 0xc1aa9545c41271fbU);
}

}  // namespace
}  // namespace inarch
