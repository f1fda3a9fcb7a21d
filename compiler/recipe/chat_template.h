#pragma once

#include <optional>
#include <string>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// The chat template of a source: its chat_template.jinja, or the one in chat_template.json or
/// tokenizer_config.json, of several there the one called `default`. Nothing when it has none.
std::optional<std::string> chat_template_of(const BoundSource& source, const BindOptions& options);

/// What `chat_template` of a vocabulary asks for. Nothing when it asks for none, when it is `auto`
/// and no source has one, or on a fault (E549).
std::optional<std::string> bind_chat_template(const VocabularyDecl& declaration,
                                              const std::vector<std::uint32_t>& sources,
                                              const BoundRecipe& bound, const BindOptions& options,
                                              Diagnostics& diagnostics);

}  // namespace inarch
