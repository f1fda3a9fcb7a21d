#pragma once

#include <optional>
#include <vector>

#include "compiler/recipe/recipe.h"

namespace inarch {

/// `to:`, which is one name or several, each with or without an output before it.
std::vector<Destination> read_destinations(const YamlNode& to, Diagnostics& diagnostics);

/// An output, or another thing that is named as outputs are, alone: `text`, `rank[0]`,
/// `"rank[{r}]"`. E131 when it is none, with `what` it is that should be a `kind`.
std::optional<Destination> read_output_name(const YamlNode& node, std::string_view what,
                                            std::string_view kind, Diagnostics& diagnostics);

}  // namespace inarch
