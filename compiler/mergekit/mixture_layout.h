#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/mergekit/mixture_config.h"
#include "compiler/mergekit/models.h"

namespace inarch {

/// The models of a mixture, opened.
struct MixtureModels {
  const MergekitView* base = nullptr;
  std::vector<const MergekitView*> experts;
  std::vector<const MergekitView*> shared;
};

enum class MixtureKind : std::uint8_t { mixtral, deepseek, qwen2, qwen3 };

/// A layout that mergekit-moe writes.
struct MixtureLayout {
  MixtureKind kind = MixtureKind::mixtral;
  std::string_view name;    // as mergekit calls it
  std::string_view target;  // the architecture it is, or "" for one that is not known here
};

/// The layout that mergekit would choose: of those whose names begin with `architecture` the first
/// that fits the models and their experts, or Mixtral if it does. E597, with the reasons, where
/// none fits.
std::optional<MixtureLayout> choose_layout(const MixtureConfig& config, const MixtureModels& models,
                                           Diagnostics& diagnostics);

/// What is set in the base's config, by key, as the text of a recipe. Values that the base's class
/// has by default, and another class has otherwise, are written out.
std::vector<std::pair<std::string, std::string>> mixture_settings(const MixtureLayout& layout,
                                                                  const MixtureConfig& config,
                                                                  const MergekitView& base);

/// Layers, by the config; 0 where it does not say.
std::int64_t mixture_layers(const MergekitView& base);

}  // namespace inarch
