#pragma once

#include "compiler/core/value.h"

namespace inarch {

/// Adds the definitions of what a program of a plan consists of: `program`, `op`, an `op_NAME` for
/// each kind of op, `encoding`, `dtype` and `real`.
void add_op_definitions(Value::Map& definitions);

}  // namespace inarch
