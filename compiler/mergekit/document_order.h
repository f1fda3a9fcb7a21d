#pragma once

#include <optional>
#include <vector>

#include "compiler/mergekit/config.h"

namespace inarch {

/// The documents of a file in an order in which each comes after those whose names it merges, the
/// one that is wanted last: the one without a name, or the only one that no other merges. E571 for
/// names given twice, circles, and files that want several models; W552 for documents that nothing
/// merges.
std::optional<std::vector<const MergekitConfig*>> order_documents(
    const std::vector<MergekitConfig>& configs, Diagnostics& diagnostics);

}  // namespace inarch
