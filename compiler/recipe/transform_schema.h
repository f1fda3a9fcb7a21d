#pragma once

#include "compiler/core/value.h"

namespace inarch {

/// Adds the definitions that say how transforms are written, from the table: `apply_step`,
/// `combine_step` and `init_step`, the words that editors complete there (`apply_word`, …),
/// `pipeline`, and for each transform `step_NAME` and `body_NAME`, what follows its name.
///
/// A step is checked against its own transform, and not against all of them one after another, so
/// that a validator can say which key is wrong, and an editor which parameters there are.
void add_transform_definitions(Value::Map& definitions);

}  // namespace inarch
