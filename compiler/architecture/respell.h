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

/// Where a tensor of the usual spelling lies in what another one stores.
struct StoredPlace {
  std::string name;        // of the stored tensor
  std::int64_t first = 0;  // its elements begin there
  bool is_part = false;    // of a fused one; else it is the whole
};

/// By tensor of `tensors`, which are those of the usual spelling.
std::vector<StoredPlace> stored_places(const std::vector<ArchTensor>& tensors,
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
