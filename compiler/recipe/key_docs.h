#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// A key of recipes, as the schema describes it.
struct KeyDoc {
  std::string path;  // "tensors[].where"; NAME is a name that the recipe chooses
  std::string name;  // "where"
  std::string summary;
  std::vector<std::string> choices;  // the words that it takes, where these are all
};

/// All keys but those of transforms, in the order of the schema.
const std::vector<KeyDoc>& key_docs();

/// What the keys of a name mean, wherever they stand, as Markdown; "" when there is none.
std::string key_page(std::string_view name);
/// One line each.
std::string key_list();

}  // namespace inarch
