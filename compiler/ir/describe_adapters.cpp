#include "compiler/ir/describe_adapters.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/adapter/adapted.h"
#include "compiler/core/json.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::string_view config_name = "adapter_config.json";

std::string_view module_kind(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

/// One output that is an adapter, looked at as one that is read would be.
class Description {
 public:
  Description(BoundRecipe& bound, const Graph& graph, std::uint32_t output,
              Diagnostics& diagnostics)
      : output_(bound.outputs[output]),
        base_(*bound.sources[output_.adapter->of].checkpoint),
        declared_(output_.declaration->adapter->span),
        diagnostics_(diagnostics) {
    tensors_.location = "the adapter";
    for (const Output& made : graph.outputs) {
      if (made.checkpoint != output) continue;
      TensorInfo tensor;
      tensor.name = made.name;
      tensor.dtype = made.dtype;
      tensor.shape = made.shape;
      tensors_.tensors.push_back(std::move(tensor));
      origins_.push_back(made.origin);
    }
    tensors_.build_index();
  }

  void write() {
    if (!has_names_for_peft()) return;
    AdapterConfig config;
    for (const TensorInfo& tensor : tensors_.tensors) {
      config.dora = config.dora || tensor.name.find(".lora_magnitude_vector") != std::string::npos;
      config.has_bias = config.has_bias || tensor.name.ends_with(".lora_B.bias");
    }
    Diagnostics found;
    const auto parts = sort_adapter(tensors_, config, found);
    if (parts) find_ranks(*parts, config);
    const auto adapted =
        parts ? lay_over({&base_, [](const Checkpoint*) {}}, {as_read(config, *parts)}, found)
              : std::nullopt;
    for (Diagnostic d : found.list()) {
      d.subject.clear();
      d.primary = {declared_, "the adapter that is written"};
      diagnostics_.add(std::move(d));
    }
    if (!adapted) return;
    output_.texts.push_back({std::string(config_name),
                             write_json(described(*parts, config, *adapted), JsonStyle::indented)});
  }

 private:
  bool has_names_for_peft() {
    const std::size_t before = diagnostics_.errors();
    for (const BoundText& text : output_.texts) {
      if (text.name != config_name) continue;
      diagnostics_.add(
          error("E338", "'adapter' writes adapter_config.json, and 'files' has another")
              .at(declared_));
    }
    for (std::size_t k = 0; k < tensors_.tensors.size(); ++k) {
      const std::string& name = tensors_.tensors[k].name;
      if (without_peft_prefix(name) != name) continue;
      diagnostics_.add(error("E338", fmt::format("peft loads no tensor '{}' of an adapter",
                                                 escape_for_terminal(name)))
                           .at(origins_[k])
                           .also(declared_, "the output is an adapter")
                           .hint("to: base_model.model.MODULE.lora_A.weight"));
      break;
    }
    if (tensors_.tensors.empty())
      diagnostics_.add(error("E338", "the adapter has no tensors").at(declared_));
    return diagnostics_.errors() == before;
  }

  /// The rank that most modules have is the adapter's; the least of those that are as frequent.
  void find_ranks(const AdapterParts& parts, AdapterConfig& config) {
    std::map<std::int64_t, std::size_t> counts;
    for (const AdapterModule& module : parts.modules) {
      const Shape& a = tensors_.tensors[module.a].shape;
      ranks_[module.module] = a.empty() ? 1 : a[0];
      ++counts[ranks_[module.module]];
    }
    std::size_t most = 0;
    config.rank = 1;
    for (const auto& [rank, count] : counts) {
      if (count <= most) continue;
      most = count;
      config.rank = rank;
    }
  }

  /// With every module's own rank, by name.
  OpenAdapter as_read(const AdapterConfig& config, const AdapterParts& parts) const {
    OpenAdapter adapter{{&tensors_, [](const Checkpoint*) {}}, config, 1, "the adapter"};
    for (const SavedTensor& saved : parts.saved)
      adapter.config.saved.push_back(saved.name.substr(0, saved.name.rfind('.')));
    adapter.config.rank_by_name = ranks_;
    return adapter;
  }

  Value described(const AdapterParts& parts, const AdapterConfig& config,
                  const Adapted& adapted) const {
    const BoundAdapterOutput& asked = *output_.adapter;
    Value::Map patterns = rank_patterns(parts, config.rank);
    Value alpha = config.rank;
    if (asked.alpha) alpha = *asked.alpha;
    Value::Map alphas = asked.alpha ? Value::Map() : patterns;
    const bool transposed =
        std::any_of(adapted.changed.begin(), adapted.changed.end(), [&](const auto& changed) {
          const AdapterTerm& term = changed.second.front();
          return term.transposed && !is_embedding(parts, term.a);
        });
    Value saved = saved_modules(parts);
    return Value::Map{{"alpha_pattern", std::move(alphas)},
                      {"base_model_name_or_path", asked.base},
                      {"bias", "none"},
                      {"fan_in_fan_out", transposed},
                      {"inference_mode", true},
                      {"init_lora_weights", true},
                      {"lora_alpha", std::move(alpha)},
                      {"lora_bias", config.has_bias},
                      {"lora_dropout", 0.0},
                      {"modules_to_save", std::move(saved)},
                      {"peft_type", "LORA"},
                      {"r", config.rank},
                      {"rank_pattern", std::move(patterns)},
                      {"target_modules", target_modules(parts)},
                      {"task_type", asked.task.empty() ? Value() : Value(asked.task)},
                      {"use_dora", config.dora},
                      {"use_rslora", false}};
  }

  /// Modules whose rank is another: by the last segment where all of that name have the same.
  Value::Map rank_patterns(const AdapterParts& parts, std::int64_t usual) const {
    std::map<std::string, std::set<std::int64_t>, std::less<>> by_kind;
    for (const AdapterModule& module : parts.modules)
      by_kind[std::string(module_kind(module.module))].insert(ranks_.at(module.module));
    Value::Map patterns;
    for (const auto& [kind, ranks] : by_kind) {
      if (ranks.size() == 1 && *ranks.begin() != usual) patterns.emplace_back(kind, *ranks.begin());
    }
    for (const AdapterModule& module : parts.modules) {
      const std::int64_t rank = ranks_.at(module.module);
      const bool mixed = by_kind.find(module_kind(module.module))->second.size() > 1;
      if (mixed && rank != usual) patterns.emplace_back(module.module, rank);
    }
    return patterns;
  }

  static bool is_embedding(const AdapterParts& parts, std::uint32_t a) {
    return std::any_of(
        parts.modules.begin(), parts.modules.end(),
        [&](const AdapterModule& module) { return module.a == a && module.embedding; });
  }

  static Value saved_modules(const AdapterParts& parts) {
    std::set<std::string> modules;
    for (const SavedTensor& saved : parts.saved)
      modules.insert(saved.name.substr(0, saved.name.rfind('.')));
    if (modules.empty()) return {};
    return Value::List(modules.begin(), modules.end());
  }

  /// The last segment where all modules of that name have factors, else the whole names: peft would
  /// give factors to all others.
  Value target_modules(const AdapterParts& parts) const {
    std::map<std::string, std::vector<std::string>, std::less<>> by_segment;
    for (const AdapterModule& module : parts.modules)
      by_segment[std::string(module_kind(module.module))].push_back(module.module);
    std::map<std::string, std::size_t, std::less<>> there;
    for (const TensorInfo& tensor : base_.tensors) {
      if (!tensor.name.ends_with(".weight") || tensor.shape.size() < 2) continue;
      const std::string_view module(tensor.name.data(), tensor.name.size() - 7);
      ++there[std::string(module_kind(module))];
    }
    Value::List targets;
    for (const auto& [segment, modules] : by_segment) {
      const auto known = there.find(segment);
      if (known != there.end() && known->second == modules.size()) {
        targets.emplace_back(segment);
      } else {
        targets.insert(targets.end(), modules.begin(), modules.end());
      }
    }
    return targets;
  }

  BoundOutput& output_;
  const Checkpoint& base_;
  Span declared_;
  Diagnostics& diagnostics_;
  Checkpoint tensors_;
  std::vector<Span> origins_;
  std::map<std::string, std::int64_t, std::less<>> ranks_;  // by module
};

}  // namespace

void describe_adapters(BoundRecipe& bound, const Graph& graph, Diagnostics& diagnostics) {
  for (std::uint32_t k = 0; k < bound.outputs.size(); ++k) {
    if (bound.outputs[k].adapter) Description(bound, graph, k, diagnostics).write();
  }
}

}  // namespace inarch
