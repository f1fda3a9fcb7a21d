#include "compiler/adapter/adapter_config.h"

#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

struct Feature {
  std::string_view key;
  std::string_view what;
};

/// Fields that, when they are set, make of an adapter what no sum W + s·B·A is.
constexpr std::array<Feature, 10> features = {{
    {"alora_invocation_tokens", "it works from certain tokens on (aLoRA), and cannot be merged"},
    {"arrow_config", "it chooses between adapters token by token (Arrow), and cannot be merged"},
    {"kasa_config", "its update has singular values of its own (KaSA)"},
    {"layer_replication", "it is of a model whose layers are repeated: make that model first"},
    {"megatron_config", "its modules are those of Megatron"},
    {"monteclora_config", "it is drawn from a distribution (MonteCLoRA)"},
    {"target_parameters", "it changes parameters that are no modules' weights"},
    {"trainable_token_indices", "it replaces single rows of embeddings"},
    {"use_bdlora", "its factors are in diagonal blocks (BD-LoRA)"},
    {"use_qalora", "its inputs are pooled by groups (QA-LoRA)"},
}};

/// Initialisations that change the base, which then is not the one that is named.
constexpr std::array<std::string_view, 5> changing_base = {"pissa", "olora", "corda", "loftq",
                                                           "lora_ga"};

bool is_set(const Value* value) {
  if (value == nullptr || value->is_null()) return false;
  if (value->if_bool() != nullptr) return *value->if_bool();
  if (value->if_list() != nullptr) return !value->if_list()->empty();
  return value->if_map() == nullptr || !value->if_map()->empty();
}

Diagnostic wrong_field(std::string_view key, const Value* found, std::string_view expected) {
  return error("E331", fmt::format("adapter_config.json: '{}' is {}, expected {}", key,
                                   found == nullptr ? "missing" : found->kind(), expected));
}

/// Reads fields one by one and keeps the first fault.
class ConfigFields {
 public:
  explicit ConfigFields(const Value& config) : config_(config) {}

  double number(std::string_view key) {
    const Value* value = config_.find(key);
    if (value != nullptr && value->is_number()) return value->as_real();
    fail(wrong_field(key, value, "a number"));
    return 1;
  }

  bool flag(std::string_view key) {
    const Value* value = config_.find(key);
    if (value == nullptr || value->is_null()) return false;
    if (value->if_bool() != nullptr) return *value->if_bool();
    fail(wrong_field(key, value, "true or false"));
    return false;
  }

  std::string text(std::string_view key) {
    const Value* value = config_.find(key);
    if (value == nullptr || value->is_null()) return "";
    if (value->if_text() != nullptr) return *value->if_text();
    fail(wrong_field(key, value, "text"));
    return "";
  }

  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> found;
    const Value* value = config_.find(key);
    if (value == nullptr || value->is_null()) return found;
    const Value::List* list = value->if_list();
    for (std::size_t k = 0; list != nullptr && k < list->size(); ++k) {
      if ((*list)[k].if_text() != nullptr) found.push_back(*(*list)[k].if_text());
    }
    if (list == nullptr || found.size() != list->size())
      fail(wrong_field(key, value, "a list of texts"));
    return found;
  }

  /// The entries of rank_pattern or alpha_pattern, in their order, which decides.
  std::vector<std::pair<ModulePattern, double>> patterns(std::string_view key) {
    std::vector<std::pair<ModulePattern, double>> found;
    const Value* value = config_.find(key);
    if (value == nullptr || value->is_null()) return found;
    if (value->if_map() == nullptr) {
      fail(wrong_field(key, value, "a mapping"));
      return found;
    }
    for (const auto& [text, number] : *value->if_map()) {
      auto pattern = ModulePattern::parse(text);
      if (!pattern.ok()) {
        fail(pattern.error());
      } else if (!number.is_number()) {
        fail(
            wrong_field(fmt::format("{}.{}", key, escape_for_terminal(text)), &number, "a number"));
      } else {
        found.emplace_back(std::move(*pattern), number.as_real());
      }
    }
    return found;
  }

  void fail(Diagnostic diagnostic) {
    if (!fault_) fault_ = std::move(diagnostic);
  }
  const std::optional<Diagnostic>& fault() const { return fault_; }

 private:
  const Value& config_;
  std::optional<Diagnostic> fault_;
};

/// Why an adapter is none that can be read as W + s·B·A; nothing when it is one.
std::optional<Diagnostic> unsupported_kind(const Value& config) {
  const Value* kind = config.find("peft_type");
  if (kind == nullptr || kind->if_text() == nullptr)
    return wrong_field("peft_type", kind, "text, as \"LORA\"");
  if (*kind->if_text() != "LORA") {
    return error("E332", fmt::format("the adapter is of the kind {}, and only LORA is read",
                                     escape_for_terminal(*kind->if_text(), 40)))
        .hint("merge it with peft (merge_and_unload), and use what that saves");
  }
  for (const Feature& feature : features) {
    if (!is_set(config.find(feature.key))) continue;
    return error("E332", fmt::format("the adapter has '{}': {}", feature.key, feature.what));
  }
  const Value* init = config.find("init_lora_weights");
  const std::string* name = init == nullptr ? nullptr : init->if_text();
  for (const std::string_view known : changing_base) {
    if (name == nullptr || !name->starts_with(known)) continue;
    return error("E332", fmt::format("the adapter was initialised by {}, which changed the base",
                                     escape_for_terminal(*name, 40)))
        .note("W + s·B·A is then over what was left of the base, which is stored nowhere")
        .hint(
            "peft makes a plain adapter of it: save_pretrained(…, "
            "path_initial_model_for_weight_conversion=…)");
  }
  return std::nullopt;
}

/// A rank as JSON may give it, 8 or 8.0; 0 when it is none.
std::int64_t whole_rank(double value) {
  constexpr double most = 1 << 20;
  return value >= 1 && value <= most && std::trunc(value) == value
             ? static_cast<std::int64_t>(value)
             : 0;
}

}  // namespace

std::int64_t AdapterConfig::rank_of(std::string_view module) const {
  for (const auto& [pattern, value] : ranks) {
    if (pattern.matches(module)) return value;
  }
  const auto named = rank_by_name.find(module);
  return named == rank_by_name.end() ? rank : named->second;
}

double AdapterConfig::alpha_of(std::string_view module) const {
  for (const auto& [pattern, value] : alphas) {
    if (pattern.matches(module)) return value;
  }
  return alpha;
}

double AdapterConfig::scale_of(std::string_view module) const {
  const auto r = static_cast<double>(rank_of(module));
  return alpha_of(module) / (rank_stabilized ? std::sqrt(r) : r);
}

Result<AdapterConfig> read_adapter_config(const Value& config) {
  if (config.if_map() == nullptr) {
    return error("E331", fmt::format("adapter_config.json is {}, expected an object",
                                     config.is_null() ? "not there" : config.kind()));
  }
  if (auto fault = unsupported_kind(config)) return std::move(*fault);
  ConfigFields fields(config);
  AdapterConfig read;
  read.rank = whole_rank(fields.number("r"));
  read.alpha = fields.number("lora_alpha");
  read.rank_stabilized = fields.flag("use_rslora");
  read.dora = fields.flag("use_dora");
  read.has_bias = fields.flag("lora_bias");
  read.fan_in_fan_out = fields.flag("fan_in_fan_out");
  read.base = fields.text("base_model_name_or_path");
  read.saved = fields.texts("modules_to_save");
  bool whole = read.rank > 0;
  for (auto& [pattern, value] : fields.patterns("rank_pattern")) {
    read.ranks.emplace_back(std::move(pattern), whole_rank(value));
    whole = whole && read.ranks.back().second > 0;
  }
  read.alphas = fields.patterns("alpha_pattern");
  if (!whole) fields.fail(error("E331", "adapter_config.json: a rank is a whole number above 0"));
  if (fields.fault()) return *fields.fault();
  return read;
}

}  // namespace inarch
