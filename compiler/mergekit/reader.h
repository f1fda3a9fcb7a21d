#pragma once

#include <optional>
#include <vector>

#include "compiler/mergekit/config.h"

namespace inarch {

/// Whether a text is a mergekit configuration: a mapping without `inarch` that has `merge_method`,
/// `models`, `slices` or `modules`, or is one of mergekit-moe.
bool is_mergekit(const SourceMap& sources, FileId file);

/// Reads the documents of a mergekit file. What is wrong with one by itself is reported (E551–E559,
/// E569, E573–E575), and nothing is given then.
std::optional<std::vector<MergekitConfig>> read_mergekit(const SourceMap& sources, FileId file,
                                                         Diagnostics& diagnostics);

/// The documents of a mergekit file; faults of the YAML say what mergekit makes of them.
std::optional<std::vector<YamlNode>> read_mergekit_documents(const SourceMap& sources, FileId file,
                                                             Diagnostics& diagnostics);

/// A dtype, without "torch."; nothing where there is none, and E573 for another.
std::optional<MergekitText> read_mergekit_dtype(const YamlNode& owner, std::string_view key,
                                                Diagnostics& diagnostics);

}  // namespace inarch
