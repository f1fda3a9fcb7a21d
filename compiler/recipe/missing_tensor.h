#pragma once

#include <string>

#include "compiler/recipe/expand.h"

namespace inarch {

/// What a reference asks for in an instance: the exact name, else the pattern as it is written.
std::string wanted_name(const TensorExpr& reference, const ResolvedPattern& pattern);

/// What to say of a reference that fits no tensor, with what its source has instead. E203 when a
/// first pattern fits nothing, E204 when other operands or `for` ask for this very tensor.
Diagnostic missing_tensor(const TensorExpr& reference, const ResolvedPattern& pattern,
                          const Instance& instance, const ExpandContext& context, bool for_driven);

/// The tensor of a checkpoint that a person most likely meant, or "".
std::string nearest_tensor(const Checkpoint& checkpoint, const std::string& name);

}  // namespace inarch
