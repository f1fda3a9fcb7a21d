#pragma once

#include "compiler/recipe/recipe.h"

namespace inarch {

/// Reads one source, or an entry of a list of them: a path, or a mapping with `path` or `hub` and
/// what belongs to it. Adds the place to the source, and what it says of all of it. Faults: E130 to
/// E133, E137.
void read_location(const YamlNode& node, SourceDecl& source, Diagnostics& diagnostics);

}  // namespace inarch
