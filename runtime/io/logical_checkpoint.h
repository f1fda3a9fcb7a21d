#pragma once

#include <optional>
#include <string>

#include "compiler/core/catalog.h"
#include "compiler/encoding/recognise_encodings.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// Makes a catalog of what is stored one of values (recognise_encodings), reading the small tensors
/// in which some formats keep shapes. False when a tensor's parts do not fit each other.
bool read_encodings(Checkpoint& checkpoint, Diagnostics& diagnostics);

/// The same with the bytes of small tensors from elsewhere.
bool read_encodings(Checkpoint& checkpoint, const ReadSmallTensor& read, Diagnostics& diagnostics);

/// Reads the bytes of a checkpoint's small tensors; E438 for one that is not small. The checkpoint
/// must outlive it.
ReadSmallTensor small_tensor_reader(const Checkpoint& checkpoint);

}  // namespace inarch
