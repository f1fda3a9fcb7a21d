#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// The checkpoint that a MODEL argument names: what is at that path, else org/name[@revision] of
/// the local cache of a hub. Faults (E401–E435, E701) are added.
std::optional<Checkpoint> open_model(const std::string& model, Diagnostics& diagnostics);

/// Positions of the tensors whose names fit `pattern` (recipe/name_pattern.h), in their order. A
/// pattern that is malformed (E12x) or fits nothing (E730) is a fault.
std::optional<std::vector<std::size_t>> select_tensors(const std::vector<std::string>& names,
                                                       const std::string& pattern,
                                                       Diagnostics& diagnostics);

}  // namespace inarch
