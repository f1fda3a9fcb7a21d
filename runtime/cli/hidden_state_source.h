#pragma once

#include <memory>

#include "compiler/recipe/bound_recipe.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// What a source of hidden states will be: names, shapes and sizes, in a file that there is not.
/// The faults are those of ForwardPass::open and ForwardPass::check.
Result<std::shared_ptr<const Checkpoint>> describe_states(const StatesRequest& request);

/// The source itself. What was computed once is kept among the user's caches, by the model's files
/// and the prompts, so that a plan finds the same file when it is run again.
Result<std::shared_ptr<const Checkpoint>> compute_states(const StatesRequest& request,
                                                         const ForwardOptions& options);

}  // namespace inarch
