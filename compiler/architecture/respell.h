#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/architecture/architecture_file.h"
#include "compiler/recipe/name_tree.h"

namespace inarch {

/// The tensors as `rules` spell them: fused where they say so, else renamed. What no rule fits
/// stays. The rules that were of use are added to `used`: the usual name of a renaming, what a
/// fusion makes.
std::vector<ArchTensor> respelled(const std::vector<ArchTensor>& tensors,
                                  const SpellingRules& rules,
                                  std::set<const NamePattern*>* used = nullptr);

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
