#pragma once

#include <optional>

#include "compiler/ir/build.h"

namespace inarch {

/// The tensors that the recipe's target asks for under the output's config. Nothing when the recipe
/// has no target or on a fault (E505 without a config, E510 and E520 on from the architecture).
std::optional<Target> bind_target(const BoundRecipe& bound, const BindOptions& options,
                                  SourceMap& sources, Diagnostics& diagnostics);

}  // namespace inarch
