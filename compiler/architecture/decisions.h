#pragma once

#include <vector>

#include "compiler/architecture/architecture_file.h"

namespace inarch {

/// What an architecture file leaves to configs, in the order of the file.
struct Decisions {
  std::vector<const Expr*> conditions;  // no `and`, `or`, `not`: what they join
  std::vector<const Expr*> fallbacks;   // the left sides of `??`
  std::vector<const Expr*> ranges;      // of loops
};

Decisions decisions_of(const ArchitectureFile& file);

}  // namespace inarch
