#pragma once

#include "compiler/mergekit/config.h"

namespace inarch {

/// The `parameters` of a mapping; none when it has none. E554 for names that no merge method knows,
/// E558 for values that are no settings, E559 for those out of range.
MergekitParameters read_mergekit_parameters(const YamlNode& owner, Diagnostics& diagnostics);

}  // namespace inarch
