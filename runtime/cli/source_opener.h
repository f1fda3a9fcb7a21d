#pragma once

#include <memory>
#include <optional>
#include <string>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Where a source lies on this machine: its path, or the snapshot of a hub's cache. E433 to E435.
Result<std::string> find_source(const SourceRequest& request);

/// Opens what a request names, as it is stored. Faults (E401 to E435, E701) are added.
std::optional<Checkpoint> open_stored(const SourceRequest& request, Diagnostics& diagnostics);

/// The same as values (read_encodings).
std::shared_ptr<const Checkpoint> open_source(const SourceRequest& request,
                                              Diagnostics& diagnostics);

/// True when nothing else is wrong with a source than that this machine has no weights of it.
bool is_absent(const Diagnostics& diagnostics);

}  // namespace inarch
