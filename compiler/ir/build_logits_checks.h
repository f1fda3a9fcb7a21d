#pragma once

#include <optional>

#include "compiler/ir/graph.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// What a `logits_close` says where `scope` knows its `for` variables; the description is left to
/// the caller. Nothing where its prompts are null, or on a fault: E138, E202 (names), E221
/// (prompts), E222 (a source that no forward pass reads), E825 (an output without a config, models
/// with different numbers of logits, or two that are the same), and what `runs` says of a model.
std::optional<LogitsCheck> build_logits_check(const CheckDecl& check, const Scope& scope,
                                              const BoundRecipe& bound, const RunsModel& runs,
                                              Diagnostics& diagnostics);

}  // namespace inarch
