// Sums as programs compute them that work in a dtype of 16 bits: rounded after every operation, in
// mergekit's order. Less exact than one rounding at the end; for those who need its bytes.

#include <cmath>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

namespace {

/// The nearest number with as many binary digits as normal numbers of `dtype` have, ties to even.
double as_stored(DType dtype, double value) {
  const int digits = dtype == DType::bf16 ? 8 : dtype == DType::f16 ? 11 : 24;
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(fraction, digits)), exponent - digits);
}

}  // namespace

Typed TensorBuilder::rounded(const Typed& x, DType dtype, Span origin) {
  return add(RoundOp{dtype}, {x.node}, x.type, origin);
}

/// Σ of terms that are rounded, rounded.
Typed TensorBuilder::rounded_sum(const std::vector<Typed>& terms, DType dtype, Span origin) {
  LinearOp sum;
  std::vector<NodeId> inputs;
  for (const Typed& term : terms) {
    sum.weights.push_back(1);
    inputs.push_back(term.node);
  }
  return rounded(add(std::move(sum), std::move(inputs), terms.front().type, origin), dtype, origin);
}

/// Each times its weight, then their sum, then that by the sum of the weights.
Typed TensorBuilder::rounded_mean(const std::vector<Typed>& xs, const std::vector<double>& weights,
                                  bool normalize, DType dtype, Span origin) {
  std::vector<Typed> terms;
  double total = 0;
  for (std::size_t k = 0; k < xs.size(); ++k) {
    const double weight = as_stored(dtype, weights[k]);
    total += weight;
    terms.push_back(
        rounded(affine(rounded(xs[k], dtype, origin), weight, 0, origin), dtype, origin));
  }
  Typed sum = rounded_sum(terms, dtype, origin);
  if (!normalize) return sum;
  const Typed divisor = add(FillOp{as_stored(dtype, total)}, {}, sum.type, origin);
  return rounded(add(QuotientOp{}, {sum.node, divisor.node}, sum.type, origin), dtype, origin);
}

/// base + λ · (Σ w δ, by Σ w where that is asked for).
Typed TensorBuilder::rounded_task_arithmetic(const std::vector<Typed>& xs,
                                             const std::vector<double>& weights, double lambda,
                                             bool normalize, DType dtype, Span origin) {
  const Typed base = rounded(xs.front(), dtype, origin);
  std::vector<Typed> differences;
  for (std::size_t k = 1; k < xs.size(); ++k) {
    const Typed x = rounded(xs[k], dtype, origin);
    differences.push_back(
        rounded(add(LinearOp{{1, -1}, 0}, {x.node, base.node}, base.type, origin), dtype, origin));
  }
  Typed mixed = rounded_mean(differences, weights, normalize, dtype, origin);
  // A factor is a number of f32 to torch, and not one of the tensor's dtype.
  if (lambda != 1) mixed = rounded(affine(mixed, lambda, 0, origin), dtype, origin);
  return rounded_sum({base, mixed}, dtype, origin);
}

}  // namespace inarch
