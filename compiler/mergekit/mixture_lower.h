#pragma once

#include <optional>
#include <string>

#include "compiler/mergekit/recipe_text.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// lower_mergekit() for a configuration of mergekit-moe: E596–E599, W591, W592 and what is said of
/// its form and its models.
std::optional<RecipeText> lower_mixture(SourceMap& sources, FileId file, const BindOptions& options,
                                        const std::string& path_prefix, Diagnostics& diagnostics);

}  // namespace inarch
