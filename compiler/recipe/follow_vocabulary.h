#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Whose a config is and what the recipe itself says of it, which stands above all else.
struct FollowedConfig {
  std::optional<std::uint32_t> source;  // whose tokenizer its ids speak of
  const std::vector<ConfigEntry>* set = nullptr;
  const std::vector<ConfigEntry>* remove = nullptr;
  Span span;  // for messages
  bool has_size = true;
};

/// Makes a config, or a generation_config.json, speak of the recipe's vocabulary: `vocab_size`, and
/// the ids of tokens (`…_token_id`, `…_token_ids`, `…_token_index`), at the top and in the part for
/// text. Where the tokenizer is another source's than the config, an id is what that source's
/// config has for the key, or else that of the same token; E547 when there is none.
void follow_vocabulary(Value& config, const FollowedConfig& of, const BoundRecipe& bound,
                       Diagnostics& diagnostics);

}  // namespace inarch
