#pragma once

#include <optional>
#include <string>

#include "compiler/architecture/architecture.h"

namespace inarch {

/// The architecture that a command line names: a built-in one, or one in a file. Faults (E1xx,
/// E510–E519, E701) are added.
std::optional<Architecture> find_architecture(const std::string& given, SourceMap& sources,
                                              Diagnostics& diagnostics);

}  // namespace inarch
