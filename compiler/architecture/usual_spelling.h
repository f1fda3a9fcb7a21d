#pragma once

#include <memory>

#include "compiler/architecture/architecture.h"
#include "compiler/support/result.h"

namespace inarch {

/// The checkpoint with the names that its architecture usually has, whatever its files call the
/// tensors: what is stacked in one tensor there, as the experts of a layer, are tensors of their
/// own here. What the architecture does not know keeps its name; so does an encoded tensor that
/// would have to be cut. E224 where no architecture fits.
Result<std::shared_ptr<const Checkpoint>> in_usual_spelling(
    std::shared_ptr<const Checkpoint> checkpoint);

}  // namespace inarch
