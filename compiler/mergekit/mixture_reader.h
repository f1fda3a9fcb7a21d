#pragma once

#include <optional>

#include "compiler/mergekit/mixture_config.h"

namespace inarch {

/// Whether a document is one of mergekit-moe: `gate_mode`, or `experts` beside a `base_model`.
bool is_mixture(const YamlNode& root);
/// Whether a file is one such document.
bool is_mixture(const SourceMap& sources, FileId file);

/// Reads it. What is wrong with it by itself is reported, and nothing is given then: keys and
/// values (E551, E552, E558, E559, E569, E573), numbers of experts (E596), prompts (E598),
/// `gate_mode` (E599); W592 where all experts are one model.
std::optional<MixtureConfig> read_mixture(const SourceMap& sources, FileId file,
                                          Diagnostics& diagnostics);

}  // namespace inarch
