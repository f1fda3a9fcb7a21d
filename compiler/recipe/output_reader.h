#pragma once

#include <optional>

#include "compiler/recipe/recipe.h"

namespace inarch {

/// `output:`, a mapping.
OutputDecl read_output(const YamlNode& node, Diagnostics& diagnostics);

/// An entry of `outputs:`, which has a `for` and a `target` as well, and may be empty.
OutputDecl read_named_output(const YamlNode& name, const YamlNode& node, Diagnostics& diagnostics);

/// `target:`, an architecture or a mapping.
std::optional<TargetDecl> read_target(const YamlNode& node, Diagnostics& diagnostics);

}  // namespace inarch
