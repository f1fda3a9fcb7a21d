#include <utility>

#include "compiler/core/transform_table.h"

namespace inarch::transform_table {

using P = ParamKind;

namespace {

TransformSpec reduced(Transform transform, std::string_view name, std::string_view summary,
                      std::string_view example, std::vector<std::string_view> inputs = {"x"}) {
  return {transform,
          name,
          Family::reduction,
          std::move(inputs),
          false,
          AxisEntries::none,
          {{"axis", P::axis, false, "", {}, "the axis that disappears; without it, all of them"},
           {"keep", P::boolean, false, "false", {}, "the axis stays, with one entry"}},
          "axis",
          summary,
          "loses the axis, or is a scalar without one; sums in f64, rounded once",
          example};
}

}  // namespace

std::vector<TransformSpec> reduction() {
  return {
      reduced(Transform::sum, "sum", "Sum over an axis, or over the whole tensor.",
              "{ sum: rows }"),
      reduced(Transform::mean, "mean",
              "Mean over an axis: one tensor where there were as many as the axis has entries.",
              "{ mean: rows }"),
      reduced(Transform::norm, "norm", "Euclidean norm along an axis, or of the whole tensor.",
              "{ norm: columns }"),
      reduced(Transform::max, "max", "Greatest value along an axis; NaN where there is one.",
              "{ max: rows }"),
      reduced(Transform::min, "min", "Least value along an axis; NaN where there is one.",
              "{ min: rows }"),
      reduced(Transform::max_abs, "max_abs",
              "Greatest magnitude along an axis; NaN where there is one.", "{ max_abs: rows }"),
      reduced(Transform::dot, "dot",
              "Sum of the products of two tensors' elements, along an axis or over all.",
              "{ dot: rows, y: \"base:model.layers.1.mlp.up_proj.weight\" }", {"x", "y"}),
      reduced(Transform::cosine, "cosine",
              "Cosine of the angle between two tensors, along an axis or as a whole.",
              "{ cosine: rows, y: \"base:model.layers.1.mlp.up_proj.weight\" }", {"x", "y"}),
  };
}

}  // namespace inarch::transform_table
