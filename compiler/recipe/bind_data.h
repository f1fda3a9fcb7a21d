#pragma once

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// A table has at most so many values, lists within lists counted.
inline constexpr std::int64_t max_table = 1'000'000;

/// Reads the tables of `data:` into `bound`, in order, and lets its expressions know them by name.
/// E167 for a file that cannot be used, whose text is added to `texts` where a message points into
/// it; E168 for a tensor.
void bind_data(const Recipe& recipe, const BindOptions& options, SourceMap& texts,
               BoundRecipe& bound, Diagnostics& diagnostics);

}  // namespace inarch
