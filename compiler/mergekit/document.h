#pragma once

#include <optional>
#include <string>

#include "compiler/mergekit/models.h"
#include "compiler/mergekit/recipe_text.h"

namespace inarch {

/// The rules that one document stands for.
struct DocumentRules {
  RecipeText* text = nullptr;  // they are added to it
  std::string definition;      // the document's name, where its tensors become definitions
};

/// Writes the rules of a document whose form check_mergekit() has passed, and gives what they make:
/// its tensors, and the config that fits them. Faults are about the models that there are: layers
/// that they do not have (E561, E562), tensors (E566), shapes (E567), vocabularies (E568), modules
/// (E570, E576), filters (E563) and what merge_body() finds.
std::optional<MergekitView> write_document(const MergekitConfig& config, MergekitModels& models,
                                           const DocumentRules& rules, Diagnostics& diagnostics);

}  // namespace inarch
