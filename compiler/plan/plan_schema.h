#pragma once

#include "compiler/core/value.h"

namespace inarch {

/// The JSON Schema (draft-07) of plans, "plan/1": every key of every op, as the reader takes them.
/// What indices and sizes must be with respect to each other is left to the reader.
Value plan_schema();

}  // namespace inarch
