#include "compiler/core/catalog.h"

namespace inarch {

const TensorInfo* Checkpoint::find(std::string_view name) const {
  const auto entry = index_.find(name);
  return entry == index_.end() ? nullptr : &tensors[entry->second];
}

void Checkpoint::build_index() {
  index_.clear();
  for (std::size_t i = 0; i < tensors.size(); ++i) index_.emplace(tensors[i].name, i);
}

}  // namespace inarch
