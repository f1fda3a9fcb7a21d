#pragma once

#include <optional>
#include <string>

#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// Makes a catalog of what is stored one of values (recognise_encodings), reading the small tensors
/// in which some formats keep shapes. False when a tensor's parts do not fit each other.
bool read_encodings(Checkpoint& checkpoint, Diagnostics& diagnostics);

}  // namespace inarch
