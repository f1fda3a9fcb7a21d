#pragma once

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Opens the sources and their adapters, and tells the scope what they are. Faults: E201 (a source
/// of `--source` that there is not), E331 to E337 (adapters), and those of what is opened. W331:
/// the base is the one that an adapter names.
void bind_sources(const Recipe& recipe, const BindOptions& options, BoundRecipe& bound,
                  Diagnostics& diagnostics);

}  // namespace inarch
