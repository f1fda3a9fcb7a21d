#include "compiler/core/transform_table.h"

namespace inarch::transform_table {

using P = ParamKind;

namespace {

const Parameter shape_param = {
    "shape", P::shape, false,
    "",      {},       "sizes of the result; without it, the target architecture gives them"};

}  // namespace

std::vector<TransformSpec> initial() {
  return {
      {Transform::zeros,
       "zeros",
       Family::initial,
       {},
       false,
       AxisEntries::none,
       {shape_param},
       "shape",
       "All zero.",
       "the given shape, or the target's",
       "zeros"},
      {Transform::ones,
       "ones",
       Family::initial,
       {},
       false,
       AxisEntries::none,
       {shape_param},
       "shape",
       "All one.",
       "the given shape, or the target's",
       "ones"},
      {Transform::constant,
       "constant",
       Family::initial,
       {},
       false,
       AxisEntries::none,
       {{"value", P::number, true, "", {}, "the value"}, shape_param},
       "value",
       "One value everywhere.",
       "the given shape, or the target's",
       "{ constant: 0.5 }"},
      {Transform::normal,
       "normal",
       Family::initial,
       {},
       false,
       AxisEntries::none,
       {{"mean", P::number, false, "0", {}, "mean"},
        {"std", P::number, false, "1", {}, "standard deviation"},
        seed_param,
        shape_param},
       "shape",
       "Normally distributed numbers.",
       "the given shape, or the target's",
       "{ normal: { std: 0.02, seed: 7 } }"},
      {Transform::uniform,
       "uniform",
       Family::initial,
       {},
       false,
       AxisEntries::none,
       {{"min", P::number, false, "0", {}, "lower bound"},
        {"max", P::number, false, "1", {}, "upper bound, left out"},
        seed_param,
        shape_param},
       "shape",
       "Uniformly distributed numbers.",
       "the given shape, or the target's",
       "{ uniform: { min: -1, max: 1, seed: 7 } }"},
      {Transform::identity,
       "identity",
       Family::initial,
       {},
       false,
       AxisEntries::none,
       {shape_param},
       "shape",
       "Ones on the main diagonal, zeros elsewhere.",
       "a matrix of the given shape, or the target's",
       "{ identity: [4, 4] }"},
  };
}

}  // namespace inarch::transform_table
