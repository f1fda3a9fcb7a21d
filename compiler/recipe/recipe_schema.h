#pragma once

#include "compiler/core/value.h"

namespace inarch {

/// The JSON Schema (draft-07) of recipes, for editors: structure from the reader, transforms from
/// the table. Deterministic.
Value recipe_schema();

}  // namespace inarch
