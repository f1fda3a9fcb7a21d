#include "compiler/mergekit/mixture_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/mergekit/reader.h"
#include "compiler/mergekit/values.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

const std::vector<std::string> mixture_keys = {"base_model",  "experts",           "gate_mode",
                                               "dtype",       "experts_per_token", "shared_experts",
                                               "architecture"};
const std::vector<std::string> expert_keys = {"source_model", "positive_prompts",
                                              "negative_prompts", "noise_scale", "residual_scale"};
const std::vector<std::string> gate_modes = {"hidden",      "hidden_avg", "hidden_last",
                                             "cheap_embed", "random",     "uniform_random"};

class MixtureReader {
 public:
  MixtureReader(const YamlNode& root, Diagnostics& diagnostics)
      : root_(root), diagnostics_(diagnostics) {}

  MixtureConfig read() {
    config_.span = root_.span;
    check_mergekit_keys(root_, "a mixture", mixture_keys, diagnostics_);
    read_base();
    read_experts("experts", config_.experts);
    read_experts("shared_experts", config_.shared);
    read_gate();
    config_.dtype = read_mergekit_dtype(root_, "dtype", diagnostics_);
    if (const YamlNode* node = mergekit_entry(root_, "architecture")) {
      const auto text = mergekit_text(*node, "'architecture'", diagnostics_);
      if (text) config_.architecture = MergekitText{*text, node->span};
    }
    config_.active_span = root_.span;
    if (const YamlNode* node = mergekit_entry(root_, "experts_per_token")) {
      config_.active = mergekit_integer(*node, "'experts_per_token'", 1, diagnostics_).value_or(2);
      config_.active_span = node->span;
    }
    return std::move(config_);
  }

 private:
  Span start() const { return {root_.span.file, root_.span.begin, root_.span.begin}; }

  void read_base() {
    const YamlNode* base = mergekit_entry(root_, "base_model");
    if (base) {
      config_.base = mergekit_model(*base, diagnostics_);
    } else {
      diagnostics_.add(error("E551", "a mixture needs a 'base_model'").at(start()));
    }
  }

  void read_gate() {
    config_.gate = {"hidden", root_.span};
    const YamlNode* node = mergekit_entry(root_, "gate_mode");
    if (!node) return;
    const auto text = mergekit_text(*node, "'gate_mode'", diagnostics_);
    if (!text) return;
    config_.gate = {*text, node->span};
    if (std::find(gate_modes.begin(), gate_modes.end(), *text) != gate_modes.end()) return;
    const std::string near = nearest(*text, gate_modes);
    diagnostics_.add(
        error("E599", fmt::format("there is no gate mode '{}'", escape_for_terminal(*text)))
            .at(node->span, "unknown")
            .note("mergekit says so once the first prompts are looked at")
            .hint(near.empty() ? fmt::format("gate modes: {}", join_names(gate_modes))
                               : fmt::format("did you mean '{}'?", near)));
  }

  void read_experts(std::string_view key, std::vector<MixtureExpert>& experts) {
    const YamlNode* list = mergekit_entry(root_, key);
    if (!list) {
      if (key == "experts")
        diagnostics_.add(error("E551", "a mixture needs 'experts'")
                             .at(start())
                             .hint("experts: [ { source_model: PATH, positive_prompts: […] } ]"));
      return;
    }
    if (!list->is_sequence()) {
      diagnostics_.add(
          error("E558", fmt::format("'{}' must be a list, not {}", key, list->kind_name()))
              .at(list->span));
      return;
    }
    for (const YamlNode& item : list->items) read_expert(item, experts);
  }

  void read_expert(const YamlNode& node, std::vector<MixtureExpert>& experts) {
    if (!check_mergekit_keys(node, "an expert", expert_keys, diagnostics_)) return;
    MixtureExpert expert;
    expert.span = node.span;
    expert.positive = read_prompts(node, "positive_prompts");
    expert.negative = read_prompts(node, "negative_prompts");
    if (const YamlNode* noise = mergekit_entry(node, "noise_scale"))
      expert.noise = mergekit_number(*noise, "'noise_scale'", diagnostics_);
    if (const YamlNode* residual = mergekit_entry(node, "residual_scale")) {
      expert.residual = mergekit_number(*residual, "'residual_scale'", diagnostics_);
      expert.residual_span = residual->span;
    }
    const YamlNode* model = mergekit_entry(node, "source_model");
    if (!model) {
      diagnostics_.add(error("E551", "an expert needs a 'source_model'").at(node.span));
      return;
    }
    auto named = mergekit_model(*model, diagnostics_);
    if (!named) return;
    expert.model = std::move(*named);
    experts.push_back(std::move(expert));
  }

  std::vector<std::string> read_prompts(const YamlNode& owner, std::string_view key) {
    std::vector<std::string> prompts;
    const YamlNode* list = mergekit_entry(owner, key);
    if (!list) return prompts;
    if (!list->is_sequence()) {
      diagnostics_.add(
          error("E558", fmt::format("'{}' must be a list of texts, not {}", key, list->kind_name()))
              .at(list->span)
              .hint(fmt::format("{}: [ \"…\" ]", key)));
      return prompts;
    }
    for (const YamlNode& item : list->items) {
      auto text = mergekit_text(item, "a prompt", diagnostics_);
      if (text) prompts.push_back(std::move(*text));
    }
    return prompts;
  }

  const YamlNode& root_;
  Diagnostics& diagnostics_;
  MixtureConfig config_;
};

void check_counts(const MixtureConfig& config, Diagnostics& diagnostics) {
  const auto count = static_cast<std::int64_t>(config.experts.size());
  if (count >= config.active) return;
  diagnostics.add(error("E596", fmt::format("a token goes to {} experts, and there {} {}",
                                            config.active, count == 1 ? "is" : "are", count))
                      .at(config.active_span)
                      .hint(count == 0 ? "" : fmt::format("experts_per_token: {}", count)));
}

/// Gates that follow from prompts need some for each expert, and not the same ones for all.
void check_prompts(const MixtureConfig& config, Diagnostics& diagnostics) {
  for (const MixtureExpert& expert : config.shared) {
    if (expert.positive.empty() != config.shared.front().positive.empty())
      diagnostics.add(
          error("E598", "shared experts have prompts, all of them or none").at(expert.span));
  }
  if (config.draws_gates()) return;
  bool all_same = config.experts.size() > 1;
  for (const MixtureExpert& expert : config.experts) {
    const MixtureExpert& first = config.experts.front();
    all_same = all_same && expert.positive == first.positive && expert.negative == first.negative;
    if (!expert.positive.empty()) continue;
    all_same = false;
    diagnostics.add(
        error("E598", fmt::format("gates of the mode '{}' follow from prompts, and this expert has "
                                  "no positive ones",
                                  config.gate.text))
            .at(expert.span)
            .hint("positive_prompts: [ … ], or gate_mode: random"));
  }
  if (!all_same) return;
  diagnostics.add(error("E598", "all experts have the same prompts, so that all gates are the same")
                      .at(config.experts[1].span)
                      .also(config.experts.front().span, "the same prompts"));
}

void check_models(const MixtureConfig& config, Diagnostics& diagnostics) {
  const auto& experts = config.experts;
  const bool same = experts.size() > 1 &&
                    std::all_of(experts.begin(), experts.end(), [&](const MixtureExpert& expert) {
                      return expert.model == experts.front().model;
                    });
  if (!same || config.gate.text == "random") return;
  diagnostics.add(
      warning("W592", "all experts are the same model")
          .at(experts[1].model.span)
          .note("mergekit asks for --i-understand-this-is-not-useful-without-training"));
}

}  // namespace

bool is_mixture(const YamlNode& root) {
  return root.is_mapping() &&
         (root.find("gate_mode") != nullptr ||
          (root.find("experts") != nullptr && root.find("base_model") != nullptr));
}

bool is_mixture(const SourceMap& sources, FileId file) {
  Diagnostics unread;
  const auto documents = read_yaml_documents(sources, file, unread);
  return documents && documents->size() == 1 && is_mixture(documents->front());
}

std::optional<MixtureConfig> read_mixture(const SourceMap& sources, FileId file,
                                          Diagnostics& diagnostics) {
  const auto documents = read_mergekit_documents(sources, file, diagnostics);
  if (!documents) return std::nullopt;
  const std::size_t before = diagnostics.errors();
  MixtureConfig config = MixtureReader(documents->front(), diagnostics).read();
  if (diagnostics.errors() != before) return std::nullopt;
  check_counts(config, diagnostics);
  check_prompts(config, diagnostics);
  check_models(config, diagnostics);
  if (diagnostics.errors() != before) return std::nullopt;
  return config;
}

}  // namespace inarch
