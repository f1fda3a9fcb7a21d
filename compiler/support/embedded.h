#pragma once

#include <span>
#include <string_view>

namespace inarch::embedded {

/// A file of the repository that is compiled into the binary.
struct File {
  std::string_view name;
  std::string_view text;
};

/// docs/errors/E203.md and its siblings.
std::span<const File> error_pages();
/// schemas/architectures/*.yaml.
std::span<const File> architectures();
/// tests/golden/FOLDER/E203.golden and its siblings.
std::span<const File> error_examples();
/// recipes/templates/*.yaml.
std::span<const File> recipe_templates();
/// schemas/lock.schema.json.
std::span<const File> lock_schema();
/// compiler/picture/pages/*.
std::span<const File> picture_pages();

}  // namespace inarch::embedded
