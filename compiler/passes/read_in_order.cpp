#include <algorithm>

#include "compiler/passes/pipeline.h"

namespace inarch {

/// Inside a shard wider elements come first, and steps have followed that so far. Read so, the
/// sources of a whole shard would be needed from its first step to its last.
void read_in_order(Module& module) {
  std::stable_sort(module.steps.begin(), module.steps.end(),
                   [](const StepDraft& a, const StepDraft& b) { return a.reads < b.reads; });
}

}  // namespace inarch
