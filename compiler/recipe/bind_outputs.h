#pragma once

#include "compiler/recipe/bound_recipe.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// Evaluates `output:` or every entry of `outputs:` into bound.outputs, in the order of the recipe,
/// and lets expressions see the configs of those that come before. Params, sources and lets are
/// known. False when it cannot be said which outputs there are.
/// `texts` has the recipe, which a model card quotes.
bool bind_outputs(BoundRecipe& bound, const BindOptions& options, const SourceMap& texts,
                  Diagnostics& diagnostics);

}  // namespace inarch
