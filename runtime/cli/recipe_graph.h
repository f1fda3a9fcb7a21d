#pragma once

#include <functional>
#include <string>

#include "compiler/compile/compile.h"
#include "runtime/cli/command.h"

namespace inarch {

/// What a recipe comes to before the passes, for those who ask about it.
struct RecipeGraph {
  const SourceMap& texts;
  const BoundRecipe& bound;
  const Targets& targets;
  Graph& graph;
};

/// Reads, binds, builds and checks the recipe (or configuration of mergekit) at `path`, and shows
/// it to `look`. What was found wrong is reported, and `look` not called then. Gives the exit code.
int look_at_recipe(const std::string& path, const Arguments& arguments, Console& console,
                   const std::function<void(RecipeGraph)>& look);

}  // namespace inarch
