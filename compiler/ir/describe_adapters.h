#pragma once

#include "compiler/ir/graph.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Writes adapter_config.json for outputs that are adapters, from the names and shapes of their
/// tensors, and holds these against the base: r and lora_alpha with patterns where ranks differ,
/// target_modules, modules_to_save, fan_in_fan_out, use_dora, lora_bias. Faults: E333 to E335, as
/// of an adapter that is read, and E338 (a name that peft does not load, an empty adapter).
void describe_adapters(BoundRecipe& bound, const Graph& graph, Diagnostics& diagnostics);

}  // namespace inarch
