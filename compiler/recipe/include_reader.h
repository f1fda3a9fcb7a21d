#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/recipe/yaml_tree.h"
#include "compiler/support/result.h"

namespace inarch {

struct PartText {
  std::string path;  // for messages
  std::string text;
};
/// Gets a file of the recipe's own folder, named relative to it, and refuses one that a link leads
/// out of it.
using ReadPart = std::function<Result<PartText>(const std::string& name)>;

/// An included file, whose spans point into it.
struct IncludedPart {
  FileId file = 0;
  YamlNode root;
};

/// The files that `include` names, in its order. Nothing when one of them cannot be had (E128) or
/// holds what only a recipe has (E129).
std::optional<std::vector<IncludedPart>> read_parts(const YamlNode& recipe, SourceMap& sources,
                                                    const ReadPart& read_part,
                                                    Diagnostics& diagnostics);

/// True, and E129, for a file that is made to be included: it has the keys of a part, and neither a
/// version nor rules.
bool is_only_a_part(const YamlNode& root, const std::string& path, Diagnostics& diagnostics);

/// The keys that a recipe may have, and those of a part.
std::vector<std::string> keys_in_recipe();
std::vector<std::string> keys_in_part();

}  // namespace inarch
