#include "compiler/adapter/base_names.h"

#include <algorithm>
#include <array>
#include <utility>

namespace inarch {

namespace {

/// Classes of models that see call the same parts in one of these ways.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> respelt = {{
    {"model.language_model.", "language_model.model."},
    {"language_model.model.", "model.language_model."},
    {"language_model.lm_head.", "lm_head."},
    {"lm_head.", "language_model.lm_head."},
}};

}  // namespace

BaseNames::BaseNames(const Checkpoint& base) : base_(base) {
  constexpr std::size_t most = 16;  // a checkpoint of many parts has no prefix of its own
  for (const TensorInfo& tensor : base.tensors) {
    const std::string prefix = tensor.name.substr(0, tensor.name.find('.') + 1);
    const bool known = std::find(prefixes_.begin(), prefixes_.end(), prefix) != prefixes_.end();
    if (!known && !prefix.empty() && prefixes_.size() < most) prefixes_.push_back(prefix);
  }
}

std::optional<std::string> BaseNames::find(const std::string& name) const {
  if (base_.find(name) != nullptr) return name;
  for (const auto& [from, to] : respelt) {
    if (!name.starts_with(from)) continue;
    std::string other = std::string(to) + name.substr(from.size());
    if (base_.find(other) != nullptr) return other;
  }
  const std::size_t dot = name.find('.');
  if (dot != std::string::npos && base_.find(name.substr(dot + 1)) != nullptr)
    return name.substr(dot + 1);
  std::optional<std::string> found;
  for (const std::string& prefix : prefixes_) {
    std::string longer = prefix + name;
    if (base_.find(longer) == nullptr) continue;
    if (found) return std::nullopt;
    found = std::move(longer);
  }
  return found;
}

}  // namespace inarch
