#pragma once

#include <cstdint>
#include <span>

#include "compiler/core/merge.h"

namespace inarch {

/// Merges that are weighted sums of their inputs, with weights that follow from the inner products
/// of the inputs alone: spherical interpolation, means on a sphere, model stock. So one pass over
/// the inputs finds the inner products, and a second forms the sum, whatever the method iterates.
///
/// `gram` is the symmetric row-major n × n matrix of the inner products in f64 of the n tensors
/// that are blended (with `op.from_base`: of their differences from the base), `coefficients` gets
/// the n weights; what remains of 1 is the base's where there is one.
///
/// - slerp: t from the first to the second along the great circle of their directions,
///   sin((1−t)θ)/sin θ and sin(tθ)/sin θ; linear where |cos θ| > 0.9995 (Shoemake: "Animating
///   rotation with quaternion curves", 1985). A tensor of norm ≤ 1e-8 counts as its own direction.
/// - nuslerp: the same, linear only where |sin θ| < 1e-8.
/// - multislerp: weighted mean in the tangent space at the direction of the weighted mean of all
///   directions, and back by the exponential map; times the weighted mean of the norms. Directions
///   that cancel (norm of their mean < epsilon): the weighted mean of the tensors.
/// - karcher: the Riemannian mean of the directions (iterated until the step is below `tolerance`),
///   times the mean of the norms. Tensors of norm ≤ tolerance have no direction.
/// - model_stock: t · mean, t = n c / (1 + (n − 1) c) for the mean pairwise cosine c of the
///   differences, norms of which multiply to at least 1e-6 (Jang, Yun, Han: "Model Stock", 2024).
///
/// `work` holds n · (n + 8) doubles.
void blend_coefficients(const MergeOp& op, const double* gram, std::int64_t n, double* coefficients,
                        std::span<double> work);

}  // namespace inarch
