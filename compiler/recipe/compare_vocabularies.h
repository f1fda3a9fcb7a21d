#pragma once

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Fills `vocabulary_differences`, for the pairs of sources of which a rule reads matrices of the
/// same name and as many rows. Tokenizers are read only where their files differ; a source without
/// one that can be read is passed over. Added tokens do not count: fine-tunes name spare ones anew.
void compare_vocabularies(const BindOptions& options, BoundRecipe& bound);

}  // namespace inarch
