#pragma once

#include <vector>

#include "compiler/mergekit/models.h"
#include "compiler/mergekit/slices.h"

namespace inarch {

/// Gives what modules make the config of `donor`, with as many layers as there are, and with the
/// lists that say something of each layer put together from the layers that were taken.
void set_result_config(const MergekitView& donor, const std::vector<PlannedModule>& modules,
                       MergekitView& result);

}  // namespace inarch
