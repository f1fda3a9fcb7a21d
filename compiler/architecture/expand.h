#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "compiler/architecture/architecture_file.h"

namespace inarch {

/// What an expansion met on its way; several may add to one.
struct ExpansionTrace {
  DecisionTrace decisions;                      // in expressions, and those of `where` and `when`
  std::map<const Expr*, std::size_t> rounds{};  // most values that a loop's range had
};

/// Architecture::expand.
std::optional<std::vector<ArchTensor>> expand_architecture(const ArchitectureFile& file,
                                                           const Value& config,
                                                           Diagnostics& diagnostics, Span asked,
                                                           ExpansionTrace* trace = nullptr);

}  // namespace inarch
