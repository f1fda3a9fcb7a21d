#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/support/diagnostic.h"
#include "compiler/support/embedded.h"
#include "compiler/support/result.h"

namespace inarch {

/// A recipe to start from: recipes/templates/NAME.yaml.
struct RecipeTemplate {
  std::string name;
  std::string summary;               // its first line
  std::vector<std::string> sources;  // names, in order
  std::vector<std::string> lists;    // those of them that are lists of sources
  std::vector<std::string> params;
  std::string_view text;
};

/// All of them, `blank` first and the others by name.
const std::vector<RecipeTemplate>& recipe_templates();
const RecipeTemplate* find_template(std::string_view name);

/// What is known of a recipe before it is written.
struct TemplateChoices {
  std::vector<std::pair<std::string, std::string>> sources;  // NAME or NAME[k], and the path
  std::vector<std::pair<std::string, std::string>> params;   // NAME and the value, as YAML
  std::string path_prefix;                                   // goes before relative paths
};

/// The template's text with these in their places, comments and all. A list of sources gets as many
/// entries as are given for it. Faults (E720) name what the template has.
Result<std::string> fill_template(const RecipeTemplate& recipe, const TemplateChoices& choices);

/// What leads from the folder of `file` back to the current directory: "", "../" or "/home/me/".
std::string way_back(const std::string& file);

}  // namespace inarch
