#pragma once

#include "compiler/mergekit/mixture_layout.h"
#include "compiler/mergekit/recipe_text.h"

namespace inarch {

/// The rules for all tensors of a mixture but its gates: what is not an MLP from the base, and the
/// MLPs of each expert. W591 for what has no effect.
RecipeText write_mixture_rules(const MixtureLayout& layout, const MixtureConfig& config,
                               const MixtureModels& models, Diagnostics& diagnostics);

/// Whether a rule draws random numbers, whose seed is the param `seed`.
bool has_noise(const MixtureConfig& config);

}  // namespace inarch
