#pragma once

#include "compiler/ir/graph.h"
#include "compiler/recipe/bound_recipe.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// Makes `quantization_config` of each output's config say what the output holds: nothing of it
/// where nothing is encoded; what its source says where tensors stay as they are there, with the
/// modules that are not encoded among those to skip; what loaders ask for where rules encode. What
/// the recipe itself sets or removes of it stays. Adds W404 where no loader reads the mixture.
void follow_encodings(BoundRecipe& bound, const Graph& graph, Diagnostics& diagnostics);

}  // namespace inarch
