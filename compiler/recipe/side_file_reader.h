#pragma once

#include <optional>

#include "compiler/recipe/recipe.h"

namespace inarch {

/// An entry of `output.files`: `NAME: SOURCE`, `NAME: { from: SOURCE, file: OLD }`,
/// `NAME: { json: … }` or `NAME: { text: … }`.
std::optional<FileDecl> read_file_entry(const YamlNode& name, const YamlNode& value,
                                        Diagnostics& diagnostics);

}  // namespace inarch
