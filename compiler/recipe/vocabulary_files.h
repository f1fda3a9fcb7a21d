#pragma once

#include <vector>

#include "compiler/recipe/bound_recipe.h"
#include "compiler/vocabulary/unite.h"

namespace inarch {

/// What a result's tokenizer is made of: the owner's first, and what it gets of the others.
struct VocabularyParts {
  const VocabularyDecl& declaration;
  const std::vector<NamedTokenizer>& tokenizers;
  const std::vector<AdmittedToken>& admitted;
  const std::vector<std::int64_t>& kept;  // in the new order; empty: all
};

/// Puts the files of the tokenizer into `result`: the owner's as they are, where nothing is added;
/// else its tokenizer.json and tokenizer_config.json with the new tokens, without what a slow
/// tokenizer would be made from, since that lacks them. The chat template is the owner's, or as
/// the recipe says: E549 when that is none.
void write_vocabulary_files(const VocabularyParts& parts, const BindOptions& options,
                            const BoundRecipe& bound, BoundVocabulary& result,
                            Diagnostics& diagnostics);

}  // namespace inarch
