#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "compiler/adapter/adapter_config.h"
#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// Stands for a tensor that is not there.
inline constexpr std::uint32_t no_tensor = std::numeric_limits<std::uint32_t>::max();

/// What an adapter has for one module: indices into its catalog.
struct AdapterModule {
  std::string module;                   // as the base calls it: "model.layers.0.self_attn.q_proj"
  bool embedding = false;               // lora_embedding_A and _B
  std::uint32_t a = no_tensor;          // lora_A.weight: [r, in, …]
  std::uint32_t b = no_tensor;          // lora_B.weight: [out, r, …]
  std::uint32_t magnitude = no_tensor;  // lora_magnitude_vector: one for each output
  std::uint32_t bias = no_tensor;       // lora_B.bias: [out]
};

/// A tensor that stands in the place of one of the base.
struct SavedTensor {
  std::string name;  // as the base calls it
  std::uint32_t tensor = 0;
};

struct AdapterParts {
  std::vector<AdapterModule> modules;  // in the order of their names
  std::vector<SavedTensor> saved;
};

/// What "base_model.model.X.lora_A.weight" is called without what PEFT puts in front.
std::string_view without_peft_prefix(std::string_view name);

/// Sorts an adapter's tensors by the modules they are for. The segment of an adapter's name
/// ("default") may stand in names or not. Faults: E333 (a name that says nothing), E335 (half a
/// pair, a magnitude missing or not asked for, two adapters in one file).
std::optional<AdapterParts> sort_adapter(const Checkpoint& adapter, const AdapterConfig& config,
                                         Diagnostics& diagnostics);

}  // namespace inarch
