#pragma once

#include <string>

#include "compiler/mergekit/mixture_layout.h"
#include "compiler/mergekit/recipe_text.h"

namespace inarch {

/// The parts of a recipe that say where gates come from.
struct MixtureGates {
  RecipeText params;   // the prompts, or a seed
  RecipeText sources;  // the hidden states of prompts
  RecipeText lets;     // the ids of prompts
  RecipeText rules;    // the gates of all layers
};

/// The gates of a mixture's experts, and of its shared expert if that has one. In the base's hidden
/// states `hidden` and `hidden_last` look at the last token of a prompt, `hidden_avg` at all.
MixtureGates write_mixture_gates(const MixtureLayout& layout, const MixtureConfig& config,
                                 const MergekitView& base);

}  // namespace inarch
