#include "compiler/mergekit/mixture_gates.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/json.h"

namespace inarch {

namespace {

/// A prompt as an entry of a list in brackets, where `${` would begin an expression.
std::string prompt_text(const std::string& prompt) {
  std::string escaped;
  for (std::size_t at = 0; at < prompt.size(); ++at) {
    if (prompt.compare(at, 2, "${") == 0) escaped += '$';
    escaped += prompt[at];
  }
  return json_quote(escaped);
}

std::string prompts_text(const std::vector<std::string>& prompts) {
  std::string list;
  for (const std::string& prompt : prompts)
    list += (list.empty() ? "" : ", ") + prompt_text(prompt);
  return list.empty() ? "[]" : "[ " + list + " ]";
}

class GateWriter {
 public:
  GateWriter(const MixtureLayout& layout, const MixtureConfig& config, const MergekitView& base)
      : layout_(layout), config_(config), base_(base) {
    for (const MixtureExpert& expert : config.experts) asked_.push_back(&expert);
    if (!config.gates_shared()) return;
    for (const MixtureExpert& expert : config.shared) asked_.push_back(&expert);
  }

  MixtureGates write() {
    if (config_.draws_gates()) {
      gates_.params.add("  seed: 0", config_.gate.span);
    } else {
      write_prompts();
    }
    const std::size_t experts = config_.experts.size();
    const bool mixtral = layout_.kind == MixtureKind::mixtral;
    write_gate(mixtral ? "block_sparse_moe.gate" : "mlp.gate", 0, experts);
    if (layout_.kind == MixtureKind::qwen2)
      write_gate("mlp.shared_expert_gate", experts, experts + config_.shared.size());
    return std::move(gates_);
  }

 private:
  bool has_negatives() const {
    return std::any_of(asked_.begin(), asked_.end(),
                       [](const MixtureExpert* expert) { return !expert->negative.empty(); });
  }
  bool is_hidden() const { return config_.gate.text != "cheap_embed"; }

  void write_prompts() {
    const bool negatives = has_negatives();
    write_lists("prompts", &MixtureExpert::positive);
    if (negatives) write_lists("against", &MixtureExpert::negative);
    const auto ids = [&](std::string_view name, std::string_view of) {
      gates_.lets.add(fmt::format("  {}: \"[[token_ids({}, p, 'bos') for p in e] for e in {}]\"",
                                  name, base_.name, of),
                      config_.gate.span);
    };
    ids("for_each", "prompts");
    if (negatives) ids("against_each", "against");
    if (!is_hidden()) return;
    const std::string all = negatives ? "for_each + against_each" : "for_each";
    gates_.lets.add(fmt::format("  places_of: places({})", all), config_.gate.span);
    const std::string token = config_.gate.text == "hidden_avg" ? ", token: mean" : "";
    gates_.sources.add(
        fmt::format("  states: {{ states: {{ of: {}, prompts: \"flatten({})\"{} }} }}", base_.name,
                    all, token),
        config_.gate.span);
  }

  void write_lists(const std::string& name,
                   const std::vector<std::string> MixtureExpert::*prompts) {
    gates_.params.add(fmt::format("  {}:", name), config_.gate.span);
    for (const MixtureExpert* expert : asked_)
      gates_.params.add("    - " + prompts_text(expert->*prompts), expert->span);
  }

  /// The gate of the experts `begin` to `end` of those that are asked for.
  void write_gate(std::string_view name, std::size_t begin, std::size_t end) {
    const Span span = config_.gate.span;
    const std::int64_t layers = mixture_layers(base_);
    const auto add = [&](const std::string& line) { gates_.rules.add(line, span); };
    const std::string to = fmt::format("to: model.layers.{{i}}.{}.weight", name);
    if (config_.draws_gates()) {
      add("  - " + to);
      add(fmt::format("    for: {{ i: 0 .. {} }}", layers));
      add(fmt::format("    init: {{ {} }}", drawn(end - begin)));
      return;
    }
    add(is_hidden()
            ? std::string("  - from: \"states:layers.{i}\"")
            : fmt::format("  - from: {}", json_quote(base_.operand + "model.embed_tokens.weight")));
    add("    " + to);
    add(fmt::format("    for: {{ i: 0 .. {} }}", layers));
    std::string router = fmt::format("positive: \"{}\"", rows("for_each", 0, begin, end));
    if (has_negatives()) {
      const std::size_t before = is_hidden() ? asked_.size() : 0;
      router += fmt::format(", negative: \"{}\"", rows("against_each", before, begin, end));
    }
    if (!is_hidden()) router += ", each: direction";
    add(fmt::format("    apply: {{ router: {{ {} }} }}", router));
  }

  /// Rows of the states, or of the embedding, of each expert.
  std::string rows(std::string_view ids, std::size_t before, std::size_t begin,
                   std::size_t end) const {
    if (is_hidden()) return fmt::format("places_of[{} .. {}]", before + begin, before + end);
    return fmt::format("[flatten(e) for e in {}[{} .. {}]]", ids, begin, end);
  }

  std::string drawn(std::size_t experts) const {
    const std::string shape = fmt::format("[{}, {}.config.hidden_size]", experts, base_.name);
    if (config_.gate.text == "random")
      return fmt::format("normal: {{ std: 1, seed: seed, shape: \"{}\" }}", shape);
    const std::string bound = fmt::format("1 / sqrt({}.config.hidden_size)", base_.name);
    return fmt::format("uniform: {{ min: \"-{0}\", max: \"{0}\", seed: seed, shape: \"{1}\" }}",
                       bound, shape);
  }

  const MixtureLayout& layout_;
  const MixtureConfig& config_;
  const MergekitView& base_;
  std::vector<const MixtureExpert*> asked_;
  MixtureGates gates_;
};

}  // namespace

MixtureGates write_mixture_gates(const MixtureLayout& layout, const MixtureConfig& config,
                                 const MergekitView& base) {
  return GateWriter(layout, config, base).write();
}

}  // namespace inarch
