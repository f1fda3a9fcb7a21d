#include "runtime/kernels/blend.h"

#include <algorithm>
#include <cmath>

namespace inarch {

namespace {

/// Vectors in the span of n tensors, by their coordinates; inner products come from those of the
/// tensors. Squares that rounding makes negative are zeros.
class Subspace {
 public:
  Subspace(const double* gram, std::int64_t n) : gram_(gram), n_(n) {}

  double inner(const double* a, const double* b) const {
    double sum = 0;
    for (std::int64_t i = 0; i < n_; ++i) {
      double row = 0;
      for (std::int64_t j = 0; j < n_; ++j) row += gram_[i * n_ + j] * b[j];
      sum += a[i] * row;
    }
    return sum;
  }
  double norm(const double* a) const { return std::sqrt(std::max(inner(a, a), 0.0)); }
  double length(std::int64_t i) const { return std::sqrt(std::max(gram_[i * n_ + i], 0.0)); }
  double product(std::int64_t i, std::int64_t j) const { return gram_[i * n_ + j]; }
  std::int64_t size() const { return n_; }

 private:
  const double* gram_;
  std::int64_t n_;
};

void interpolate(double t, double theta, double* coefficients) {
  coefficients[0] = std::sin((1 - t) * theta) / std::sin(theta);
  coefficients[1] = std::sin(t * theta) / std::sin(theta);
}

void interpolate_linearly(double t, double* coefficients) {
  coefficients[0] = 1 - t;
  coefficients[1] = t;
}

void slerp(const MergeOp& op, const Subspace& span, double* coefficients) {
  constexpr double least_norm = 1e-8;
  constexpr double colinear = 0.9995;
  const auto divisor = [&](std::int64_t i) {
    return span.length(i) > least_norm ? span.length(i) : 1.0;
  };
  const double cosine = span.product(0, 1) / divisor(0) / divisor(1);
  if (std::isnan(cosine) || std::abs(cosine) > colinear)
    return interpolate_linearly(op.t, coefficients);
  interpolate(op.t, std::acos(cosine), coefficients);
}

void nuslerp(const MergeOp& op, const Subspace& span, double* coefficients) {
  constexpr double least_norm = 1e-7;
  constexpr double colinear = 1e-8;
  const double a = std::max(span.length(0), least_norm), b = std::max(span.length(1), least_norm);
  const double theta = std::acos(std::clamp(span.product(0, 1) / a / b, -1.0, 1.0));
  if (std::abs(std::sin(theta)) < colinear) return interpolate_linearly(op.t, coefficients);
  interpolate(op.t, theta, coefficients);
}

void multislerp(const MergeOp& op, const Subspace& span, double* coefficients,
                std::span<double> work) {
  const std::int64_t n = span.size();
  if (n == 1) {
    coefficients[0] = 1;
    return;
  }
  double* const mean = work.data();
  double* const tangent = mean + n;
  double sum = 0;
  for (const double w : op.weights) sum += w;
  const double scale = op.normalize ? 1 / sum : 1;
  const auto weight = [&](std::int64_t i) {
    return op.weights[static_cast<std::size_t>(i)] * scale;
  };
  const auto unit = [&](std::int64_t i) { return 1 / (span.length(i) + op.epsilon); };
  for (std::int64_t i = 0; i < n; ++i) mean[i] = weight(i) * unit(i);
  const double mean_norm = span.norm(mean);
  if (!(mean_norm >= op.epsilon)) {
    for (std::int64_t i = 0; i < n; ++i) coefficients[i] = weight(i);
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) mean[i] /= mean_norm;
  // Σ w (u − (u·m) m): the weighted directions, less their part along the mean.
  double along = 0, length = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    double dot = 0;
    for (std::int64_t j = 0; j < n; ++j) dot += span.product(i, j) * mean[j];
    along += weight(i) * dot * unit(i);
    length += weight(i) * span.length(i);
  }
  for (std::int64_t i = 0; i < n; ++i) tangent[i] = weight(i) * unit(i) - along * mean[i];
  const double angle = span.norm(tangent) + op.epsilon;
  for (std::int64_t i = 0; i < n; ++i) {
    const double direction = mean[i] * std::cos(angle) + tangent[i] * std::sin(angle) / angle;
    coefficients[i] = length * direction;
  }
}

void karcher(const MergeOp& op, const Subspace& span, double* coefficients,
             std::span<double> work) {
  const std::int64_t n = span.size();
  if (n == 1) {
    coefficients[0] = 1;
    return;
  }
  double* const mean = work.data();
  double* const step = mean + n;
  std::int64_t valid = 0, first = -1;
  double length = 0;
  const auto has_direction = [&](std::int64_t i) { return span.length(i) > op.tolerance; };
  for (std::int64_t i = 0; i < n; ++i) {
    length += span.length(i) / static_cast<double>(n);
    if (!has_direction(i)) continue;
    if (first < 0) first = i;
    ++valid;
  }
  std::fill_n(coefficients, n, 0.0);
  if (valid == 0) return;
  const double share = 1 / static_cast<double>(valid);
  for (std::int64_t i = 0; i < n; ++i) mean[i] = has_direction(i) ? share / span.length(i) : 0;
  const double start = span.norm(mean);
  for (std::int64_t i = 0; i < n; ++i) {
    const double only = i == first ? 1 / span.length(i) : 0;
    mean[i] = start < op.tolerance ? only : mean[i] / start;
  }
  for (std::int64_t iteration = 0; iteration < op.iterations; ++iteration) {
    std::fill_n(step, n, 0.0);
    double along = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      if (!has_direction(i)) continue;
      double dot = 0;
      for (std::int64_t j = 0; j < n; ++j) dot += span.product(i, j) * mean[j];
      dot = std::clamp(dot / span.length(i), -1.0, 1.0);
      const double theta = std::acos(dot);
      if (theta < op.tolerance) continue;
      const double factor = share * theta / std::sin(theta);
      step[i] += factor / span.length(i);
      along += factor * dot;
    }
    for (std::int64_t i = 0; i < n; ++i) step[i] -= along * mean[i];
    const double angle = span.norm(step);
    if (!(angle >= op.tolerance)) break;
    for (std::int64_t i = 0; i < n; ++i)
      mean[i] = std::cos(angle) * mean[i] + std::sin(angle) / angle * step[i];
    const double norm = span.norm(mean);
    for (std::int64_t i = 0; norm > op.tolerance && i < n; ++i) mean[i] /= norm;
  }
  for (std::int64_t i = 0; i < n; ++i) coefficients[i] = length * mean[i];
}

void model_stock(const Subspace& span, double* coefficients) {
  constexpr double least = 1e-6;
  const std::int64_t n = span.size();
  double cosines = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = i + 1; j < n; ++j) {
      const double norms = std::max(span.length(i) * span.length(j), least);
      cosines += std::clamp(span.product(i, j) / norms, -1.0, 1.0);
    }
  }
  const auto count = static_cast<double>(n);
  const double c = cosines / (count * (count - 1) / 2);
  const double divisor = 1 + (count - 1) * c;
  const double t = divisor == 0 ? 0 : count * c / divisor;
  std::fill_n(coefficients, n, t / count);
}

}  // namespace

void blend_coefficients(const MergeOp& op, const double* gram, std::int64_t n, double* coefficients,
                        std::span<double> work) {
  const Subspace span(gram, n);
  switch (op.merge) {
    case Merge::slerp:
      return slerp(op, span, coefficients);
    case Merge::nuslerp:
      return nuslerp(op, span, coefficients);
    case Merge::multislerp:
      return multislerp(op, span, coefficients, work);
    case Merge::karcher:
      return karcher(op, span, coefficients, work);
    case Merge::model_stock:
      return model_stock(span, coefficients);
    default:
      return;
  }
}

}  // namespace inarch
