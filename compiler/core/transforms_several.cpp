#include <utility>

#include "compiler/core/transform_table.h"

namespace inarch::transform_table {

using P = ParamKind;

namespace {

TransformSpec factors(Transform transform, std::string_view name,
                      std::vector<std::string_view> inputs, std::string_view summary,
                      std::string_view example) {
  return {transform,
          name,
          Family::linear_algebra,
          std::move(inputs),
          false,
          AxisEntries::none,
          {{"rank",
            P::integer,
            false,
            "",
            {},
            "columns of A and rows of B; with `energy` or `error`, the most there may be"},
           {"energy",
            P::number,
            false,
            "",
            {},
            "the least rank that keeps this share of the sum of squares, from 0 to 1"},
           {"error",
            P::number,
            false,
            "",
            {},
            "the least rank whose relative error is at most this, from 0 to 1"},
           {"split",
            P::choice,
            false,
            "both",
            {"both", "left", "right"},
            "where the singular values go: their roots into both, or all into A or into B"},
           {"method",
            P::choice,
            false,
            "auto",
            {"auto", "exact"},
            "exact: by the whole singular value decomposition, whatever it costs"},
           {"oversampling", P::integer, false, "", {}, "by how much projections are wider"},
           {"power_iterations",
            P::integer,
            false,
            "",
            {},
            "how often they are refined; as often as it takes unless given"},
           seed_param},
          "rank",
          summary,
          "a matrix; `to` names `left` (A) and `right` (B)",
          example,
          {"left", "right"}};
}

TransformSpec merging_factors(Transform transform, std::string_view name,
                              std::vector<std::string_view> inputs, std::string_view summary,
                              std::string_view type_rule, std::string_view example) {
  return {transform,
          name,
          Family::linear_algebra,
          std::move(inputs),
          false,
          AxisEntries::none,
          {{"scale", P::number, false, "1", {}, "what the product is multiplied by: alpha / r"},
           {"transposed",
            P::boolean,
            false,
            "false",
            {},
            "w lies as [in, out], as that of embeddings and of GPT-2's layers"}},
          "scale",
          summary,
          type_rule,
          example};
}

}  // namespace

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
      factors(Transform::low_rank, "low_rank", {"x"},
              "The two factors whose product is nearest to a matrix: A [rows, rank] and B [rank, "
              "columns], from its largest singular values. Random projections find them where that "
              "is faster; the error is at most half a percent above the least there is, and is "
              "stated in the manifest.",
              "{ low_rank: 1 }"),
      factors(Transform::weighted_low_rank, "weighted_low_rank", {"x", "moments"},
              "The factors for which the product's error is least on given inputs: `moments` is a "
              "vector with the mean square of each column's input. Else as `low_rank`.",
              "{ weighted_low_rank: 1, moments: \"base:model.norm.weight\" }"),
      {Transform::reconstruct,
       "reconstruct",
       Family::linear_algebra,
       {"left", "right"},
       false,
       AxisEntries::none,
       {},
       "",
       "The matrix that two factors stand for: their product.",
       "[m, r] and [r, n] give [m, n]",
       "reconstruct"},
      merging_factors(Transform::lora_merge, "lora_merge", {"w", "a", "b"},
                      "A matrix with a low-rank update: w + scale · b·a, computed in f32 and "
                      "rounded once.",
                      "w is [out, in], a [r, in], b [out, r]", "{ lora_merge: 2 }"),
      merging_factors(Transform::dora_merge, "dora_merge", {"w", "a", "b", "magnitude"},
                      "A matrix with a low-rank update of its direction: with u = w + scale · b·a, "
                      "each row of the result is magnitude · u / ‖u‖ (DoRA).",
                      "as `lora_merge`; the magnitude has one entry for each row",
                      "{ dora_merge: 2 }"),
  };
}

}  // namespace inarch::transform_table
