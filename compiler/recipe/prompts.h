#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/recipe/recipe.h"

namespace inarch {

using TokenIds = std::vector<std::int64_t>;

/// The prompts that an argument lists: token ids as they are, and of a text what the tokenizer of
/// `model` makes of it, behind one bos. None where the argument is null. Nothing on a fault: E221
/// (no such list), and what TextEncoder says of a text.
std::optional<std::vector<TokenIds>> read_prompts(const ArgumentValue& prompts, const Scope& scope,
                                                  const Checkpoint* model,
                                                  Diagnostics& diagnostics);

}  // namespace inarch
