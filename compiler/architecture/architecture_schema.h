#pragma once

#include "compiler/core/value.h"

namespace inarch {

/// The JSON Schema (draft-07) of architecture files, for editors: the keys of
/// docs/architectures.md.
Value architecture_schema();

}  // namespace inarch
