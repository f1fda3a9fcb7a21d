#pragma once

#include <string>
#include <vector>

namespace inarch::embedded {

/// A file of the repository that is compiled into the binary.
struct File {
  std::string name;
  std::string text;
};

/// docs/errors/E203.md and its siblings.
const std::vector<File>& error_pages();
/// schemas/architectures/*.yaml.
const std::vector<File>& architectures();
/// tests/golden/FOLDER/E203.golden and its siblings.
const std::vector<File>& error_examples();
/// recipes/templates/*.yaml.
const std::vector<File>& recipe_templates();
/// schemas/lock.schema.json.
const std::vector<File>& lock_schema();
/// compiler/picture/pages/*.
const std::vector<File>& picture_pages();

}  // namespace inarch::embedded
