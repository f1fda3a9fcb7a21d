#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/catalog.h"

namespace inarch {

/// Finds what an adapter calls by the names of a model's class in a checkpoint, whose names may
/// lack the class's own prefix ("transformer.h.0" for "h.0"), or have one that the adapter lacks.
class BaseNames {
 public:
  explicit BaseNames(const Checkpoint& base);

  /// The name that the checkpoint has for it; nothing when it has none, or several.
  std::optional<std::string> find(const std::string& name) const;

 private:
  const Checkpoint& base_;
  std::vector<std::string> prefixes_;  // first segments of the checkpoint's names, with the dot
};

}  // namespace inarch
