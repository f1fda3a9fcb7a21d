#include "compiler/adapter/adapter_parts.h"

#include <array>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

enum class AdapterRole { a, b, embedding_a, embedding_b, magnitude, bias };

struct RoleName {
  std::string_view segment;
  AdapterRole role;
};

constexpr std::array<RoleName, 5> role_names = {{
    {"lora_A", AdapterRole::a},
    {"lora_B", AdapterRole::b},
    {"lora_embedding_A", AdapterRole::embedding_a},
    {"lora_embedding_B", AdapterRole::embedding_b},
    {"lora_magnitude_vector", AdapterRole::magnitude},
}};

struct Named {
  std::string_view module;
  AdapterRole role;
};

/// "X.lora_A.default.weight" apart; nothing for other names.
std::optional<Named> named_part(std::string_view name) {
  const std::size_t at = name.rfind(".lora_");
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  std::string_view rest = name.substr(at + 1);
  const std::string_view segment = rest.substr(0, rest.find('.'));
  rest.remove_prefix(segment.size());
  for (const RoleName& known : role_names) {
    if (known.segment != segment) continue;
    AdapterRole role = known.role;
    const bool is_bias = rest.ends_with(".bias");
    const bool has_ending = is_bias || rest.ends_with(".weight");
    if (has_ending) rest = rest.substr(0, rest.rfind('.'));
    if (is_bias && role != AdapterRole::b) return std::nullopt;
    const bool is_module = role == AdapterRole::a || role == AdapterRole::b;
    if (is_module && !has_ending) return std::nullopt;
    if (rest.find('.', 1) != std::string_view::npos) return std::nullopt;  // more than one name
    if (is_bias) role = AdapterRole::bias;
    return Named{name.substr(0, at), role};
  }
  return std::nullopt;
}

/// The base's name of a tensor that is saved whole: wrappers of PEFT leave segments in it.
std::string saved_name(std::string_view name) {
  std::string found(name);
  for (const std::string_view wrapper : {".modules_to_save.", ".base_layer."}) {
    const std::size_t at = found.rfind(wrapper);
    if (at == std::string::npos) continue;
    std::string rest = found.substr(at + wrapper.size());
    if (rest.starts_with("default.")) rest = rest.substr(rest.find('.') + 1);
    found = found.substr(0, at) + "." + rest;
  }
  return found;
}

std::uint32_t& slot(AdapterModule& module, AdapterRole role) {
  switch (role) {
    case AdapterRole::a:
    case AdapterRole::embedding_a:
      return module.a;
    case AdapterRole::b:
    case AdapterRole::embedding_b:
      return module.b;
    case AdapterRole::magnitude:
      return module.magnitude;
    case AdapterRole::bias:
      break;
  }
  return module.bias;
}

class Sorting {
 public:
  Sorting(const Checkpoint& adapter, const AdapterConfig& config, Diagnostics& diagnostics)
      : adapter_(adapter), config_(config), diagnostics_(diagnostics) {}

  std::optional<AdapterParts> sort() {
    const std::size_t before = diagnostics_.errors();
    for (std::uint32_t t = 0; t < adapter_.tensors.size(); ++t) place(t);
    AdapterParts parts;
    for (auto& [name, module] : modules_) {
      check_whole(module);
      parts.modules.push_back(std::move(module));
    }
    parts.saved = std::move(saved_);
    if (diagnostics_.errors() != before) return std::nullopt;
    return parts;
  }

 private:
  void place(std::uint32_t t) {
    const std::string_view name = without_peft_prefix(adapter_.tensors[t].name);
    const auto part = named_part(name);
    if (!part) {
      if (name.find(".lora_") != std::string_view::npos) {
        fault("E333", fmt::format("'{}' is no tensor that a LoRA adapter has",
                                  escape_for_terminal(adapter_.tensors[t].name)));
      } else {
        saved_.push_back({saved_name(name), t});
      }
      return;
    }
    AdapterModule& module = modules_[std::string(part->module)];
    module.module = part->module;
    const bool embedding =
        part->role == AdapterRole::embedding_a || part->role == AdapterRole::embedding_b;
    module.embedding = module.embedding || embedding;
    std::uint32_t& there = slot(module, part->role);
    if (there != no_tensor) {
      fault("E335", fmt::format("'{}' and '{}' are for one module: the file holds more than one "
                                "adapter",
                                escape_for_terminal(adapter_.tensors[there].name),
                                escape_for_terminal(adapter_.tensors[t].name)));
    }
    there = t;
  }

  void check_whole(const AdapterModule& module) {
    const std::string name = escape_for_terminal(module.module);
    const std::string_view kind = module.embedding ? "lora_embedding" : "lora";
    if (module.a == no_tensor)
      fault("E335", fmt::format("module '{}' has a {}_B and no {}_A", name, kind, kind));
    if (module.b == no_tensor) fault("E335", fmt::format("module '{}' has no {}_B", name, kind));
    if (config_.dora && module.magnitude == no_tensor)
      fault("E335",
            fmt::format("module '{}' has no lora_magnitude_vector, which use_dora asks for", name));
    if (!config_.dora && module.magnitude != no_tensor)
      fault("E335",
            fmt::format("module '{}' has a lora_magnitude_vector, and use_dora is not set", name));
    if (!config_.has_bias && module.bias != no_tensor)
      fault("E335", fmt::format("module '{}' has a lora_B.bias, and lora_bias is not set", name));
  }

  void fault(std::string code, std::string message) {
    diagnostics_.add(error(std::move(code), std::move(message)).in(adapter_.location));
  }

  const Checkpoint& adapter_;
  const AdapterConfig& config_;
  Diagnostics& diagnostics_;
  std::map<std::string, AdapterModule> modules_;
  std::vector<SavedTensor> saved_;
};

}  // namespace

std::string_view without_peft_prefix(std::string_view name) {
  constexpr std::string_view prefix = "base_model.model.";
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

std::optional<AdapterParts> sort_adapter(const Checkpoint& adapter, const AdapterConfig& config,
                                         Diagnostics& diagnostics) {
  return Sorting(adapter, config, diagnostics).sort();
}

}  // namespace inarch
