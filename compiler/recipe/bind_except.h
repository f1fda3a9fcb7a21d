#pragma once

#include <optional>
#include <vector>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// The source tensors that a rule's `except` names, by source and tensor; empty without `except`.
/// A pattern that fits no tensor of the rule's sources is E203, and nothing is given.
std::optional<std::vector<std::vector<bool>>> excepted_by(const Rule& rule,
                                                          const BoundRecipe& bound,
                                                          Diagnostics& diagnostics);

}  // namespace inarch
