#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

#include "compiler/core/merge.h"
#include "tests/support/slow_ops.h"

namespace inarch {

/// Merges as core/merge.h and docs/merging.md define them, on whole vectors in double precision:
/// directions and tangents are vectors here, not coordinates, and selections are sorts.

using Vector = std::vector<double>;

inline double inner_product(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
inline double length_of(const Vector& a) { return std::sqrt(inner_product(a, a)); }
inline Vector combined(double s, const Vector& a, double t, const Vector& b) {
  Vector out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = s * a[i] + t * b[i];
  return out;
}
inline Vector scaled(double s, const Vector& a) { return combined(s, a, 0, a); }

inline Vector slow_slerp(double t, const Vector& a, const Vector& b, double least, bool always,
                         bool& linear) {
  const auto direction = [&](const Vector& v) {
    const double norm = length_of(v);
    if (always) return scaled(1 / std::max(norm, least), v);
    return norm > least ? scaled(1 / norm, v) : v;
  };
  const double cosine = std::clamp(inner_product(direction(a), direction(b)), -1.0, 1.0);
  const double theta = std::acos(cosine);
  linear = always ? std::fabs(std::sin(theta)) < 1e-8 : std::fabs(cosine) > 0.9995;
  if (linear) return combined(1 - t, a, t, b);
  return combined(std::sin((1 - t) * theta) / std::sin(theta), a,
                  std::sin(t * theta) / std::sin(theta), b);
}

inline Vector slow_multislerp(const MergeOp& op, const std::vector<Vector>& xs) {
  if (xs.size() == 1) return xs[0];
  Vector weights = op.weights;
  double sum = 0;
  for (const double w : weights) sum += w;
  if (op.normalize) weights = scaled(1 / sum, weights);
  Vector mean(xs[0].size(), 0.0), plain = mean, tangent = mean;
  double length = 0;
  for (std::size_t k = 0; k < xs.size(); ++k) {
    mean = combined(1, mean, weights[k] / (length_of(xs[k]) + op.epsilon), xs[k]);
    plain = combined(1, plain, weights[k], xs[k]);
    length += weights[k] * length_of(xs[k]);
  }
  if (length_of(mean) < op.epsilon) return plain;
  mean = scaled(1 / length_of(mean), mean);
  for (std::size_t k = 0; k < xs.size(); ++k) {
    const Vector unit = scaled(1 / (length_of(xs[k]) + op.epsilon), xs[k]);
    tangent = combined(1, tangent, weights[k], combined(1, unit, -inner_product(unit, mean), mean));
  }
  const double angle = length_of(tangent) + op.epsilon;
  return scaled(length, combined(std::cos(angle), mean, std::sin(angle) / angle, tangent));
}

inline Vector slow_karcher(const MergeOp& op, const std::vector<Vector>& xs) {
  if (xs.size() == 1) return xs[0];
  std::vector<Vector> units;
  double length = 0;
  for (const Vector& x : xs) {
    length += length_of(x) / static_cast<double>(xs.size());
    if (length_of(x) > op.tolerance) units.push_back(scaled(1 / length_of(x), x));
  }
  if (units.empty()) return Vector(xs[0].size(), 0.0);
  const double share = 1 / static_cast<double>(units.size());
  Vector mean(xs[0].size(), 0.0);
  for (const Vector& unit : units) mean = combined(1, mean, share, unit);
  mean = length_of(mean) < op.tolerance ? units[0] : scaled(1 / length_of(mean), mean);
  for (std::int64_t k = 0; k < op.iterations; ++k) {
    Vector step(mean.size(), 0.0);
    for (const Vector& unit : units) {
      const double dot = std::clamp(inner_product(unit, mean), -1.0, 1.0);
      const double theta = std::acos(dot);
      if (theta < op.tolerance) continue;
      step = combined(1, step, share * theta / std::sin(theta), combined(1, unit, -dot, mean));
    }
    const double angle = length_of(step);
    if (angle < op.tolerance) break;
    mean = combined(std::cos(angle), mean, std::sin(angle) / angle, step);
    mean = scaled(1 / length_of(mean), mean);
  }
  return scaled(length, mean);
}

inline Vector slow_model_stock(const std::vector<Vector>& deltas) {
  double cosines = 0;
  int pairs = 0;
  Vector mean(deltas[0].size(), 0.0);
  for (std::size_t i = 0; i < deltas.size(); ++i) {
    mean = combined(1, mean, 1 / static_cast<double>(deltas.size()), deltas[i]);
    for (std::size_t j = i + 1; j < deltas.size(); ++j, ++pairs) {
      const double norms = std::max(length_of(deltas[i]) * length_of(deltas[j]), 1e-6);
      cosines += std::clamp(inner_product(deltas[i], deltas[j]) / norms, -1.0, 1.0);
    }
  }
  const double n = static_cast<double>(deltas.size()), c = cosines / pairs;
  const double divisor = 1 + (n - 1) * c;
  return scaled(divisor == 0 ? 0 : n * c / divisor, mean);
}

inline double magnitudes(const Vector& v) {
  double sum = 0;
  for (const double x : v) sum += std::fabs(x);
  return sum;
}

inline Vector slow_trim(const MergeOp& op, const Vector& d) {
  const Vector kept = kept_largest(d, op.skip + op.keep, false);
  const Vector skipped = kept_largest(d, op.skip, false);
  Vector out = combined(1, kept, -1, skipped);
  const double before = magnitudes(d), after = magnitudes(out);
  return op.rescale && before >= 1e-7 && after >= 1e-7 ? scaled(before / after, out) : out;
}

inline Vector slow_vote(const Vector& weights, bool normalize, double least,
                        const std::vector<Vector>& ds, const Vector& election) {
  Vector out(ds[0].size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    double sum = 0, kept = 0, divisor = 0;
    for (std::size_t k = 0; k < ds.size(); ++k) sum += election[k] * ds[k][i];
    for (std::size_t k = 0; k < ds.size(); ++k) {
      const double vote = election[k] * ds[k][i];
      if (sum >= 0 ? vote <= 0 : vote >= 0) continue;
      kept += weights[k] * ds[k][i];
      divisor += weights[k];
    }
    if (least > 0) divisor = std::max(divisor, least);
    out[i] = normalize ? kept / (divisor == 0 ? 1 : divisor) : kept;
  }
  return out;
}

inline Vector slow_sce(const MergeOp& op, std::vector<Vector> ds) {
  const std::size_t n = ds[0].size();
  const auto models = static_cast<double>(ds.size());
  if (op.density < 1) {
    Vector variance(n, 0.0);
    std::int64_t different = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double mean = 0;
      for (const Vector& d : ds) mean += d[i] / models;
      for (const Vector& d : ds) variance[i] += (d[i] - mean) * (d[i] - mean) / models;
      different += variance[i] != 0 ? 1 : 0;
    }
    const auto keep = static_cast<std::int64_t>(op.density * static_cast<double>(different));
    const Vector mask = kept_largest(variance, keep, true);
    for (Vector& d : ds) {
      for (std::size_t i = 0; i < n; ++i) d[i] *= mask[i];
    }
  }
  Vector shares;
  double total = 0;
  for (const Vector& d : ds) {
    shares.push_back(inner_product(d, d) / static_cast<double>(n));
    total += shares.back();
  }
  for (double& share : shares) share = std::fabs(total) < 1e-6 ? 1 / models : share / total;
  return slow_vote(shares, true, 1e-6, ds, Vector(ds.size(), 1.0));
}

inline Vector slow_ram(const MergeOp& op, const std::vector<Vector>& ds) {
  const std::size_t n = ds[0].size();
  const auto counted = [&](std::size_t i) {
    std::size_t count = 0;
    for (const Vector& d : ds) count += std::fabs(d[i]) > op.epsilon ? 1U : 0U;
    return count;
  };
  Vector out(n, 0.0);
  for (const Vector& d : ds) {
    double shared = 0, unique = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (std::fabs(d[i]) > op.epsilon) (counted(i) > 1 ? shared : unique) += 1;
    }
    const double ratio = shared / std::max(unique, op.epsilon);
    const double alone = op.r > 0 ? 1 + op.r * std::clamp(ratio, 0.0, op.alpha) : 1;
    for (std::size_t i = 0; i < n; ++i) {
      if (std::fabs(d[i]) <= op.epsilon) continue;
      out[i] += counted(i) > 1 ? d[i] / static_cast<double>(counted(i)) : alone * d[i];
    }
  }
  return out;
}

inline Vector softmax_of(const Vector& row) {
  Vector out;
  double sum = 0;
  for (const double x : row) sum += std::exp(x);
  for (const double x : row) out.push_back(std::exp(x) / sum + 1e-8);
  return out;
}

inline Vector slow_fusion(const MergeOp& op, const Vector& base, const Vector& x) {
  Vector importance;
  for (std::size_t begin = 0; begin < x.size(); begin += static_cast<std::size_t>(op.row)) {
    const auto end = begin + static_cast<std::size_t>(op.row);
    const auto cut = [&](const Vector& v) {
      return softmax_of({v.begin() + static_cast<std::ptrdiff_t>(begin),
                         v.begin() + static_cast<std::ptrdiff_t>(end)});
    };
    const Vector p = cut(x), q = cut(base);
    double divergence = 0;
    for (std::size_t i = 0; i < p.size(); ++i) divergence += p[i] * std::log(p[i] / q[i]);
    for (std::size_t i = begin; i < end; ++i)
      importance.push_back(std::fabs(x[i] - base[i]) * divergence);
  }
  Vector sorted = importance;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double q) {
    return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
  };
  const double threshold = at(0.5) + 1.5 * (at(0.75) - at(0.25));
  Vector out = base;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (importance[i] >= threshold) out[i] = x[i];
  }
  return out;
}

inline Vector slow_nearswap(double t, const Vector& a, const Vector& b) {
  Vector out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double w = std::clamp(t / std::max(std::fabs(a[i] - b[i]), 1e-6), 0.0, 1.0);
    out[i] = w * b[i] + (1 - w) * a[i];
  }
  return out;
}

/// Of one run; merges by coins are not here.
inline Vector merged_run(const MergeOp& op, std::vector<Vector> xs) {
  Vector base(xs[0].size(), 0.0);
  if (op.from_base) {
    base = xs[0];
    xs.erase(xs.begin());
    for (Vector& x : xs) x = combined(1, x, -1, base);
  }
  bool linear = false;
  switch (op.merge) {
    case Merge::slerp:
      return slow_slerp(op.t, xs[0], xs[1], 1e-8, false, linear);
    case Merge::nuslerp:
      return combined(1, base, 1, slow_slerp(op.t, xs[0], xs[1], 1e-7, true, linear));
    case Merge::multislerp:
      return combined(1, base, 1, slow_multislerp(op, xs));
    case Merge::karcher:
      return combined(1, base, 1, slow_karcher(op, xs));
    case Merge::model_stock:
      return combined(1, base, 1, slow_model_stock(xs));
    case Merge::trim:
      return slow_trim(op, xs[0]);
    case Merge::vote:
      return slow_vote(op.weights, op.normalize, 0, xs, op.weights);
    case Merge::sce:
      return slow_sce(op, xs);
    case Merge::ram:
      return slow_ram(op, xs);
    case Merge::nearswap:
      return slow_nearswap(op.t, xs[0], xs[1]);
    case Merge::fusion:
      return slow_fusion(op, xs[0], xs[1]);
    default:
      throw std::logic_error("a merge that this oracle does not know");
  }
}

inline Vector merged_slowly(const MergeOp& op, const std::vector<Vector>& inputs) {
  Vector out;
  for (std::int64_t run = 0; run < op.groups; ++run) {
    std::vector<Vector> xs;
    for (const Vector& input : inputs) {
      const auto begin = input.begin() + run * op.size;
      xs.emplace_back(begin, begin + op.size);
    }
    const Vector merged = merged_run(op, xs);
    out.insert(out.end(), merged.begin(), merged.end());
  }
  return out;
}

}  // namespace inarch
