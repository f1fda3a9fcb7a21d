#pragma once

#include <optional>
#include <vector>

#include "compiler/architecture/architecture_file.h"

namespace inarch {

/// Architecture::expand.
std::optional<std::vector<ArchTensor>> expand_architecture(const ArchitectureFile& file,
                                                           const Value& config,
                                                           Diagnostics& diagnostics, Span asked);

}  // namespace inarch
