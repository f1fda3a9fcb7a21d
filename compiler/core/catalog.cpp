#include "compiler/core/catalog.h"

namespace inarch {

namespace {

auto names_of(const std::vector<TensorInfo>& tensors) {
  return [&tensors](std::size_t i) -> std::string_view { return tensors[i].name; };
}

}  // namespace

const TensorInfo* Checkpoint::find(std::string_view name) const {
  const auto index = index_.find(name, names_of(tensors));
  return index ? &tensors[*index] : nullptr;
}

std::vector<std::uint32_t> Checkpoint::repeated() const {
  return index_.repeated(names_of(tensors));
}

void Checkpoint::build_index() { index_ = NameIndex(tensors.size(), names_of(tensors)); }

}  // namespace inarch
