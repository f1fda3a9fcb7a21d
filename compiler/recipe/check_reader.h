#pragma once

#include <optional>

#include "compiler/recipe/recipe.h"

namespace inarch {

/// An entry of `checks`: what must hold of the output, for which instances, and with which probes.
/// Faults are E130–E134.
std::optional<CheckDecl> read_check(const YamlNode& node, const std::vector<SourceDecl>& sources,
                                    Diagnostics& diagnostics);

}  // namespace inarch
