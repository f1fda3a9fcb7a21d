#pragma once

#include <vector>

#include "compiler/core/transforms.h"

/// The rows of the table of transforms, by family; transforms.cpp puts them together. What a row
/// says is what the checker, the schema, the reference page and the hints know of a transform.
namespace inarch::transform_table {

std::vector<TransformSpec> movement();
std::vector<TransformSpec> pointwise();
std::vector<TransformSpec> reduction();
std::vector<TransformSpec> initial();
std::vector<TransformSpec> several();  // linear algebra
std::vector<TransformSpec> merging();
std::vector<TransformSpec> mixture();

/// Parameters that several families have.
inline const Parameter fill_param = {"fill", ParamKind::number,         false, "0",
                                     {},     "the value of new entries"};
inline const Parameter seed_param = {
    "seed", ParamKind::integer,
    false,  "0",
    {},     "numbers depend on the seed, the output tensor's name and the position alone"};

}  // namespace inarch::transform_table
