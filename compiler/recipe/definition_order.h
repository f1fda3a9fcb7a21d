#pragma once

#include <vector>

#include "compiler/recipe/recipe.h"

namespace inarch {

/// When a definition is bound, and whether all that it may read is known by then. Where it is, a
/// `define:` reference captures as one to a source does; definitions that may read one another, or
/// themselves, name each other in full instead.
struct DefinitionTurn {
  const Rule* definition = nullptr;
  bool knows_what_it_reads = true;
};

/// All definitions, each after those that it may read, in the order of the recipe where that leaves
/// a choice: the order in which they are written means nothing.
std::vector<DefinitionTurn> order_definitions(const std::vector<Rule>& definitions);

}  // namespace inarch
