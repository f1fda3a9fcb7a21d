#pragma once

#include <optional>
#include <string>

#include "compiler/support/diagnostic.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// The document of `file` in the layout that all recipes have: two spaces a level, lists one level
/// below their key, `{ a: b }`, `[a, b]`, `[ "a", "b" ]` and `[ { a: b } ]`, at most one empty line
/// together, comments where they were: two spaces after the text, or in a column with those above
/// and below, in their own where they have one.
/// Line breaks inside brackets and within texts stay, and so does the order of everything. Laying
/// out the result changes nothing.
///
/// Faults are those of read_yaml(); E903 when the result would not say the same as the text, which
/// is then left alone.
std::optional<std::string> format_yaml(const SourceMap& sources, FileId file,
                                       Diagnostics& diagnostics);

}  // namespace inarch
