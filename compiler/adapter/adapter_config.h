#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/adapter/module_pattern.h"
#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

/// What adapter_config.json says of a LoRA adapter, as PEFT writes it.
struct AdapterConfig {
  std::int64_t rank = 0;           // r
  double alpha = 0;                // lora_alpha
  bool rank_stabilized = false;    // use_rslora
  bool dora = false;               // use_dora
  bool has_bias = false;           // lora_bias: the second factor has a bias of its own
  bool fan_in_fan_out = false;     // weights lie as [in, out], unless their shapes say otherwise
  std::string base;                // base_model_name_or_path
  std::vector<std::string> saved;  // modules_to_save
  std::vector<std::pair<ModulePattern, std::int64_t>> ranks;      // rank_pattern
  std::vector<std::pair<ModulePattern, double>> alphas;           // alpha_pattern
  std::map<std::string, std::int64_t, std::less<>> rank_by_name;  // of an adapter being written

  /// The rank and alpha of a module: those of the first pattern that fits it, else the adapter's.
  std::int64_t rank_of(std::string_view module) const;
  double alpha_of(std::string_view module) const;
  /// What B·A is multiplied by: α/r, or α/√r where ranks are stabilised (Kalajdzievski 2023).
  double scale_of(std::string_view module) const;
};

/// Reads what adapter_config.json holds. E331: a field is missing or of another kind. E332: a kind
/// of adapter, or a feature of LoRA, that is not W + s·B·A over the base as it is.
Result<AdapterConfig> read_adapter_config(const Value& config);

}  // namespace inarch
