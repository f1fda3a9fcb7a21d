#pragma once

#include <optional>
#include <vector>

#include "compiler/mergekit/config.h"

namespace inarch {

/// Whether a text is a mergekit configuration: a mapping without `inarch` that has `merge_method`,
/// `models`, `slices` or `modules`.
bool is_mergekit(const SourceMap& sources, FileId file);

/// Reads the documents of a mergekit file. What is wrong with one by itself is reported (E551–E559,
/// E569, E573–E575), and nothing is given then.
std::optional<std::vector<MergekitConfig>> read_mergekit(const SourceMap& sources, FileId file,
                                                         Diagnostics& diagnostics);

}  // namespace inarch
