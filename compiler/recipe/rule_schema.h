#pragma once

#include "compiler/core/value.h"

namespace inarch {

/// The schemas of what defines and checks tensors: an entry of `tensors`, of `define`, of `checks`.
Value rule_schema();
Value definition_schema();
Value check_schema();

/// Adds what they have in common: `expression`, `ranges`, `operand_text`, `operand`, `operands`.
void add_operand_definitions(Value::Map& definitions);

}  // namespace inarch
