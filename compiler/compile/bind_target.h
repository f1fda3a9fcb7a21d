#pragma once

#include "compiler/ir/build.h"

namespace inarch {

/// By output, the tensors that its target asks for under its config: the target of its own block,
/// else the recipe's, else nothing. Faults are E505 without a config, E510 and E520 on from the
/// architecture.
Targets bind_targets(const BoundRecipe& bound, const BindOptions& options, SourceMap& sources,
                     Diagnostics& diagnostics);

}  // namespace inarch
