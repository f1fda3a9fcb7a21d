#include "compiler/mergekit/mixture_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/json.h"

namespace inarch {

namespace {

class RulesWriter {
 public:
  RulesWriter(const MixtureLayout& layout, const MixtureConfig& config, const MixtureModels& models,
              Diagnostics& diagnostics)
      : layout_(layout),
        config_(config),
        models_(models),
        layers_(mixture_layers(*models.base)),
        diagnostics_(diagnostics) {}

  RecipeText write() {
    write_outside();
    write_layers();
    if (layout_.kind == MixtureKind::qwen2) write_biases();
    for (std::size_t k = 0; k < config_.experts.size(); ++k)
      write_expert(config_.experts[k], *models_.experts[k], expert_name(k));
    for (std::size_t k = 0; k < config_.shared.size(); ++k)
      write_expert(config_.shared[k], *models_.shared[k], shared_name());
    return std::move(text_);
  }

 private:
  void rule(std::string_view from, std::string_view range, std::string_view to, Span span) {
    text_.add("  - from: " + json_quote(from), span);
    text_.add(fmt::format("    for: {{ {} }}", range), span);
    text_.add("    to: " + yaml_text(to, false), span);
  }

  void write_outside() {
    const MergekitView& base = *models_.base;
    std::string names = "model.embed_tokens.weight, model.norm.weight";
    if (base.shape_of("lm_head.weight") && !base.ties_embeddings()) names += ", lm_head.weight";
    rule(base.operand + "{name}", fmt::format("name: [{}]", names), "{name}", base_span());
  }

  void write_layers() {
    std::string names = "input_layernorm, post_attention_layernorm";
    for (const char p : {'q', 'k', 'v', 'o'}) names += fmt::format(", self_attn.{}_proj", p);
    if (layout_.kind == MixtureKind::qwen3) names += ", self_attn.q_norm, self_attn.k_norm";
    rule(models_.base->operand + "model.layers.{i}.{name}.weight",
         fmt::format("i: 0 .. {}, name: [{}]", layers_, names), "model.layers.{i}.{name}.weight",
         base_span());
  }

  /// A Qwen2 has biases, which are zero where the base has none.
  void write_biases() {
    const MergekitView& base = *models_.base;
    for (const char p : {'q', 'k', 'v'}) {
      const std::string name = fmt::format("model.layers.{{i}}.self_attn.{}_proj.bias", p);
      if (base.shape_of(fmt::format("model.layers.0.self_attn.{}_proj.bias", p))) {
        rule(base.operand + name, fmt::format("i: 0 .. {}", layers_), name, base_span());
        continue;
      }
      const Shape* weight =
          base.shape_of(fmt::format("model.layers.0.self_attn.{}_proj.weight", p));
      if (!weight || weight->empty()) continue;  // which the rules of the weights report
      text_.add("  - to: " + name, base_span());
      text_.add(fmt::format("    for: {{ i: 0 .. {} }}", layers_), base_span());
      text_.add(fmt::format("    init: {{ zeros: [{}] }}", weight->front()), base_span());
    }
  }

  std::string expert_name(std::size_t k) const {
    if (layout_.kind != MixtureKind::mixtral) return fmt::format("mlp.experts.{}.{{p}}_proj", k);
    return fmt::format(
        "block_sparse_moe.experts.{}.w{{1 if p == 'gate' else 2 if p == 'down' else 3}}", k);
  }
  std::string shared_name() const {
    return layout_.kind == MixtureKind::deepseek ? "mlp.shared_experts.{p}_proj"
                                                 : "mlp.shared_expert.{p}_proj";
  }

  void write_expert(const MixtureExpert& expert, const MergekitView& view,
                    const std::string& name) {
    check_shapes(expert, view);
    const bool scaled = expert.residual && layout_.kind != MixtureKind::mixtral;
    if (expert.residual && !scaled) {
      diagnostics_.add(warning("W591", "'residual_scale' has no effect in a Mixtral")
                           .at(expert.residual_span)
                           .note("mergekit looks for a 'down_proj', which is called w2 there"));
    }
    if (!scaled) return write_mlp(expert, view, name, "gate, up, down", false);
    write_mlp(expert, view, name, "gate, up", false);
    write_mlp(expert, view, name, "down", true);
  }

  void write_mlp(const MixtureExpert& expert, const MergekitView& view, const std::string& name,
                 std::string_view parts, bool scaled) {
    rule(view.operand + "model.layers.{i}.mlp.{p}_proj.weight",
         fmt::format("i: 0 .. {}, p: [{}]", layers_, parts),
         fmt::format("model.layers.{{i}}.{}.weight", name), expert.model.span);
    std::string steps;
    if (expert.noise)
      steps = fmt::format("{{ noise: {{ std: {}, seed: seed }} }}", number_text(*expert.noise));
    if (scaled) {
      if (!steps.empty()) steps += ", ";
      steps += fmt::format("{{ rescale: {} }}", number_text(*expert.residual));
    }
    if (!steps.empty()) text_.add(fmt::format("    apply: [ {} ]", steps), expert.span);
  }

  /// Experts are as large as the base's MLPs, by which the config goes.
  void check_shapes(const MixtureExpert& expert, const MergekitView& view) {
    for (const std::string_view part : {"gate", "up", "down"}) {
      const std::string name = fmt::format("model.layers.0.mlp.{}_proj.weight", part);
      const Shape* own = view.shape_of(name);
      const Shape* bases = models_.base->shape_of(name);
      if (!own || !bases || *own == *bases) continue;
      diagnostics_.add(
          error("E567", fmt::format("'{}' is {} in '{}' and {} in '{}'", name, format_shape(*own),
                                    view.name, format_shape(*bases), models_.base->name))
              .at(expert.model.span, format_shape(*own))
              .also(config_.base->span, format_shape(*bases)));
      return;
    }
  }

  Span base_span() const { return config_.base->span; }

  const MixtureLayout& layout_;
  const MixtureConfig& config_;
  const MixtureModels& models_;
  std::int64_t layers_;
  Diagnostics& diagnostics_;
  RecipeText text_;
};

}  // namespace

RecipeText write_mixture_rules(const MixtureLayout& layout, const MixtureConfig& config,
                               const MixtureModels& models, Diagnostics& diagnostics) {
  return RulesWriter(layout, config, models, diagnostics).write();
}

bool has_noise(const MixtureConfig& config) {
  const auto noisy = [](const MixtureExpert& expert) { return expert.noise.has_value(); };
  return std::any_of(config.experts.begin(), config.experts.end(), noisy) ||
         std::any_of(config.shared.begin(), config.shared.end(), noisy);
}

}  // namespace inarch
