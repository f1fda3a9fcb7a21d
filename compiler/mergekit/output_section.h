#pragma once

#include "compiler/mergekit/models.h"
#include "compiler/mergekit/recipe_text.h"

namespace inarch {

/// The recipe's name for the dtype of what a document makes: `out_dtype`, else `dtype`, else
/// `inherited`.
std::string result_dtype(const MergekitConfig& config, const std::string& inherited);

/// Writes `output:` of a recipe whose tensors are those of `result`. E572 for what cannot be said
/// yet, E575 for a chat template that is none.
void write_output_section(const MergekitConfig& config, const MergekitView& result,
                          RecipeText& text, Diagnostics& diagnostics);

/// E572 for a document that others merge and that wants a tokenizer of its own.
void check_inner_document(const MergekitConfig& config, Diagnostics& diagnostics);

}  // namespace inarch
