#pragma once

#include "compiler/mergekit/recipe_text.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// The recipe with the comments of the configuration `file` that it was made from, each at what
/// stands for the line that it was about: behind it, or on a line before. One about what became
/// part of every rule stands before the rules, one about nothing that is left at the beginning, and
/// one below all else at the end. Comments above the configuration's first key are there already.
RecipeText carry_comments(const RecipeText& recipe, const SourceMap& sources, FileId file);

}  // namespace inarch
