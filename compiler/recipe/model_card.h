#pragma once

#include <string>

#include "compiler/recipe/bound_recipe.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// README.md in the form that the Hugging Face hub reads: a YAML head (base_model, relation,
/// licence, tags), then what the model is made of and the recipe itself.
std::string model_card(const BoundRecipe& bound, const BoundOutput& output, const SourceMap& texts);

/// What a source's README.md says its licence is, in the hub's words ("apache-2.0"); "" when it
/// says nothing.
std::string source_licence(const Checkpoint& checkpoint, const BindOptions& options);

/// W502 for sources whose licence asks that what is made of them keeps it, where the recipe says
/// another, or where two of them differ.
void check_licences(const BoundRecipe& bound, const BindOptions& options, Diagnostics& diagnostics);

}  // namespace inarch
