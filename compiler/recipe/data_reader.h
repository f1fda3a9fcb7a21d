#pragma once

#include <optional>

#include "compiler/recipe/recipe.h"

namespace inarch {

/// An entry of `data`: a path, `{ file: PATH, of: SOURCE }` or `{ tensor: SOURCE:NAME }`. E127 when
/// it says none of these, or two.
std::optional<DataDecl> read_data_entry(const YamlNode& name, const YamlNode& value,
                                        Diagnostics& diagnostics);

}  // namespace inarch
