#pragma once

#include <optional>

#include "compiler/recipe/recipe.h"

namespace inarch {

/// Reads `vocabulary:`. Faults are E130–E133.
std::optional<VocabularyDecl> read_vocabulary(const YamlNode& node, Diagnostics& diagnostics);

}  // namespace inarch
