#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/architecture/architecture_file.h"

namespace inarch {

/// The tensors as `rules` spell them: fused where they say so, else renamed. What no rule fits
/// stays.
std::vector<ArchTensor> respelled(const std::vector<ArchTensor>& tensors,
                                  const SpellingRules& rules);

/// A set of names that patterns without expressions are held against.
class NameSet {
 public:
  explicit NameSet(const std::vector<std::string_view>& names);
  /// Marks the names that fit, and says whether there are any.
  bool mark(const NamePattern& pattern, std::vector<bool>& marks) const;

 private:
  NameTree tree_;
};

}  // namespace inarch
