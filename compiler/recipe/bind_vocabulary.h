#pragma once

#include <string_view>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Reads the tokenizers that `vocabulary:` names and makes the result's: its tokens, which rows
/// they have in each source, and the files of its tokenizer. Faults: E541 (no tokenizer.json), E542
/// (one that cannot be read), E543 (tokenizers that do not unite), E544 (a token that is not
/// there), E548 (sizes), E549 (chat templates).
void bind_vocabulary(const VocabularyDecl& declaration, const BindOptions& options,
                     BoundRecipe& bound, Diagnostics& diagnostics);

}  // namespace inarch
