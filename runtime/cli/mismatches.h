#pragma once

#include <cstddef>
#include <string>

#include "compiler/core/value.h"
#include "runtime/cli/inspect_architecture.h"

namespace inarch {

/// "3 missing, 1 of another shape"
std::string mismatch_counts(const ArchitectureFinding& finding);

/// The first `most` of what differs, below `title`.
std::string mismatch_table(const std::string& title, const ArchitectureFinding& finding,
                           std::size_t most, std::size_t width);

/// [{kind: "missing" | "unexpected" | "shape" | "dtype" | "tied", name, tensors, expected, found}]
Value mismatch_values(const ArchitectureFinding& finding);

}  // namespace inarch
