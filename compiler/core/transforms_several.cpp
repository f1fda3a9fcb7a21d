#include "compiler/core/transform_table.h"

namespace inarch::transform_table {

using P = ParamKind;

std::vector<TransformSpec> several() {
  return {
      {Transform::matmul,
       "matmul",
       Family::linear_algebra,
       {"left", "right"},
       false,
       AxisEntries::none,
       {},
       "",
       "Matrix product, in f32 with blocked sums (f64 in checks).",
       "[m, k] × [k, n] is [m, n]; a vector on either side gives a vector",
       "matmul"},
      {Transform::outer,
       "outer",
       Family::linear_algebra,
       {"left", "right"},
       false,
       AxisEntries::none,
       {},
       "",
       "Outer product of two vectors: every entry of the left times every entry of the right.",
       "[m] and [n] make [m, n]",
       "outer"},
      {Transform::transpose,
       "transpose",
       Family::linear_algebra,
       {"x"},
       false,
       AxisEntries::none,
       {},
       "",
       "Turns all dimensions round; of a matrix, rows become columns.",
       "dimensions in reverse order",
       "transpose"},
      {Transform::orthogonalize,
       "orthogonalize",
       Family::linear_algebra,
       {"x", "direction"},
       false,
       AxisEntries::none,
       {{"axis", P::axis, false, "0", {}, "the axis that the direction lies along"}},
       "axis",
       "Takes a direction out: x − r·(r·x) for the direction's unit vector r, so that along the "
       "axis nothing of x points there any more.",
       "keeps the shape; the direction is a vector as long as the axis, of any length but zero",
       "{ orthogonalize: rows, direction: \"base:model.norm.weight\" }"},
      {Transform::linear,
       "linear",
       Family::merging,
       {"x"},
       true,
       AxisEntries::none,
       {{"weights", P::numbers, true, "", {}, "one factor per operand"},
        {"normalize", P::boolean, false, "false", {}, "divide by the sum of the weights"}},
       "weights",
       "Weighted sum: Σ wᵢ·xᵢ, computed in f32 and rounded once.",
       "all shapes must agree; the dtype is the first operand's",
       "{ linear: [0.5, 0.5] }"},
  };
}

}  // namespace inarch::transform_table
