#pragma once

#include <optional>
#include <string>

#include "compiler/mergekit/recipe_text.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// The recipe that a mergekit configuration stands for. Headers and configs of its models are read,
/// and no weights. `path_prefix` goes before relative paths: mergekit's start from the current
/// directory, and a recipe's from its own folder. Every fault is located in the configuration
/// (E551–E576, W551–W553, faults of the YAML and of the models).
std::optional<RecipeText> lower_mergekit(SourceMap& sources, FileId file,
                                         const BindOptions& options, const std::string& path_prefix,
                                         Diagnostics& diagnostics);

}  // namespace inarch
