#include "compiler/mergekit/mixture_layout.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr MixtureLayout layouts[] = {{MixtureKind::mixtral, "Mixtral", "mixtral"},
                                     {MixtureKind::deepseek, "DeepSeek MoE", "deepseek"},
                                     {MixtureKind::qwen2, "Qwen MoE", ""},
                                     {MixtureKind::qwen3, "Qwen3 MoE", "qwen3_moe"}};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

std::string model_type(const MergekitView& view) {
  const Value* type = view.config.find("model_type");
  return type && type->if_text() ? *type->if_text() : "";
}

bool is_set(const MergekitView& view, std::string_view key) {
  const Value* value = view.config.find(key);
  return value && value->if_bool() && *value->if_bool();
}

std::vector<std::string> families(MixtureKind kind) {
  if (kind == MixtureKind::qwen3) return {"qwen3"};
  if (kind == MixtureKind::qwen2) return {"llama", "mistral", "qwen2"};
  return {"llama", "mistral"};
}

/// Why the experts that are shared do not fit, or "".
std::string wrong_shared(MixtureKind kind, const MixtureConfig& config) {
  const auto& shared = config.shared;
  switch (kind) {
    case MixtureKind::mixtral:
    case MixtureKind::qwen3:
      return shared.empty() ? "" : "it has no shared experts";
    case MixtureKind::deepseek:
      if (shared.size() > 1) return "it has one shared expert at most";
      return !shared.empty() && (!shared[0].positive.empty() || !shared[0].negative.empty())
                 ? "its shared expert has no gate, and so no prompts"
                 : "";
    case MixtureKind::qwen2:
      if (shared.size() != 1) return "it has one shared expert";
      return config.gate.text != "random" && shared[0].positive.empty()
                 ? "its shared expert has a gate, and so prompts"
                 : "";
  }
  return "";
}

/// Why a layout does not fit, or "".
std::string misfit(MixtureKind kind, const MixtureConfig& config, const MixtureModels& models) {
  std::string wrong = wrong_shared(kind, config);
  if (!wrong.empty()) return wrong;
  const std::string family = model_type(*models.base);
  const std::vector<std::string> known = families(kind);
  if (std::find(known.begin(), known.end(), family) == known.end()) {
    return fmt::format("it is made of {}, and '{}' is {}", join_names(known), models.base->name,
                       family.empty() ? "of no type" : escape_for_terminal(family));
  }
  for (const auto* list : {&models.experts, &models.shared}) {
    for (const MergekitView* view : *list) {
      const std::string other = model_type(*view);
      if (other != family) {
        return fmt::format("'{}' is {}, and '{}' is {}", models.base->name, family, view->name,
                           other.empty() ? "of no type" : escape_for_terminal(other));
      }
    }
  }
  if (is_set(*models.base, "attention_bias") && kind != MixtureKind::qwen2)
    return fmt::format("it has no biases, and '{}' has them", models.base->name);
  return "";
}

/// Settings as they are collected.
class Settings {
 public:
  explicit Settings(const MergekitView& base) : base_(base) {}

  void set(std::string key, std::string text) {
    list_.emplace_back(std::move(key), std::move(text));
  }
  /// Where the config does not say.
  void fill(const std::string& key, const std::string& text) {
    const Value* found = base_.config.find(key);
    if (!found || found->is_null()) set(key, text);
  }
  /// The base's own value under another key.
  void repeat(const std::string& key, std::string_view from) {
    set(key, fmt::format("\"${{{}.config.{}}}\"", base_.name, from));
  }

  /// What the class of the base has where its config says nothing.
  void fill_defaults() {
    const std::string type = model_type(base_);
    if (type == "llama") {
      fill("num_key_value_heads",
           fmt::format("\"${{{}.config.num_attention_heads}}\"", base_.name));
      fill("max_position_embeddings", "2048");
    } else {
      fill("num_key_value_heads", type == "mistral" ? "8" : "32");
      fill("max_position_embeddings", type == "mistral" ? "131072" : "32768");
    }
    fill("rms_norm_eps", "0.000001");
    if (!base_.config.find("rope_parameters")) fill("rope_theta", "10000.0");
    if (type == "qwen3") fill("head_dim", "128");
  }

  std::vector<std::pair<std::string, std::string>> take() { return std::move(list_); }

 private:
  const MergekitView& base_;
  std::vector<std::pair<std::string, std::string>> list_;
};

void set_deepseek(const MixtureConfig& config, const std::string& experts,
                  const std::string& active, Settings& settings) {
  settings.set("n_routed_experts", experts);
  settings.set("n_shared_experts", config.shared.empty() ? "null" : "1");
  settings.set("num_experts_per_tok", active);
  settings.set("first_k_dense_replace", "0");
  settings.set("moe_layer_freq", "1");
  settings.set("scoring_func", "softmax");
  settings.set("norm_topk_prob", "true");
  settings.repeat("moe_intermediate_size", "intermediate_size");
  constexpr std::string_view code = "deepseek-ai/deepseek-moe-16b-base--";
  settings.set("auto_map",
               fmt::format("{{ AutoConfig: {0}configuration_deepseek.DeepseekConfig, AutoModel: "
                           "{0}modeling_deepseek.DeepseekModel, AutoModelForCausalLM: "
                           "{0}modeling_deepseek.DeepseekForCausalLM }}",
                           code));
}

void set_qwen(bool shares, const std::string& experts, const std::string& active,
              const MergekitView& base, Settings& settings) {
  settings.set("num_experts", experts);
  settings.set("num_experts_per_tok", active);
  settings.set("decoder_sparse_step", "1");
  settings.set("norm_topk_prob", "true");
  settings.repeat("moe_intermediate_size", "intermediate_size");
  if (!shares) return;
  settings.repeat("shared_expert_intermediate_size", "intermediate_size");
  settings.set("sliding_window", "null");
  settings.set("use_sliding_window", "false");
  if (base.config.find("layer_types") == nullptr) return;  // of which some may have a window
  settings.set("layer_types",
               fmt::format("\"${{['full_attention' for k in 0 .. {}]}}\"", mixture_layers(base)));
}

}  // namespace

std::optional<MixtureLayout> choose_layout(const MixtureConfig& config, const MixtureModels& models,
                                           Diagnostics& diagnostics) {
  std::vector<std::string> reasons;
  for (const MixtureLayout& layout : layouts) {
    if (config.architecture && !lower(layout.name).starts_with(lower(config.architecture->text)))
      continue;
    const std::string why = misfit(layout.kind, config, models);
    if (why.empty()) return layout;
    reasons.push_back(fmt::format("{}: {}", layout.name, why));
  }
  const bool unknown = reasons.empty();
  Diagnostic fault =
      error("E597", unknown ? fmt::format("there is no output architecture '{}'",
                                          escape_for_terminal(config.architecture->text))
                            : std::string("no output architecture fits the models"))
          .at(config.architecture ? config.architecture->span : config.base->span);
  fault.notes = std::move(reasons);
  if (unknown) fault.help = "architecture: mixtral, deepseek, qwen or qwen3";
  diagnostics.add(std::move(fault));
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> mixture_settings(const MixtureLayout& layout,
                                                                  const MixtureConfig& config,
                                                                  const MergekitView& base) {
  Settings settings(base);
  const std::string experts = std::to_string(config.experts.size());
  const std::string active = std::to_string(config.active);
  const auto name_class = [&](std::string_view type, std::string_view name) {
    settings.set("model_type", std::string(type));
    settings.set("architectures", fmt::format("[ {}ForCausalLM ]", name));
  };
  switch (layout.kind) {
    case MixtureKind::mixtral:
      name_class("mixtral", "Mixtral");
      settings.set("num_local_experts", experts);
      settings.set("num_experts_per_tok", active);
      settings.set("sliding_window", "null");
      break;
    case MixtureKind::deepseek:
      name_class("deepseek", "Deepseek");
      set_deepseek(config, experts, active, settings);
      break;
    case MixtureKind::qwen2:
      name_class("qwen2_moe", "Qwen2Moe");
      set_qwen(true, experts, active, base, settings);
      break;
    case MixtureKind::qwen3:
      name_class("qwen3_moe", "Qwen3Moe");
      set_qwen(false, experts, active, base, settings);
      break;
  }
  settings.fill_defaults();
  return settings.take();
}

std::int64_t mixture_layers(const MergekitView& base) {
  const Value* layers = base.config.find("num_hidden_layers");
  return layers && layers->if_int() ? *layers->if_int() : 0;
}

}  // namespace inarch
