#pragma once

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Adds the sources that are hidden states of others, once expressions know tables and `let`s.
/// Faults: E221 (prompts), E222 (a model whose states cannot be had), and those of open_states.
void bind_states(const Recipe& recipe, const BindOptions& options, BoundRecipe& bound,
                 Diagnostics& diagnostics);

}  // namespace inarch
