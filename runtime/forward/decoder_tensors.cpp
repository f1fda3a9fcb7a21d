#include "runtime/forward/decoder_tensors.h"

#include <array>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/forward/tensor_finder.h"

namespace inarch {

namespace {

/// What stands before "embed_tokens.weight" and "layers.0…": of whole models, of those without a
/// head, and of the text part of a Gemma 3 as transformers writes it and as it did before 4.52.
constexpr std::array<std::string_view, 4> stems = {"model.", "", "model.language_model.",
                                                   "language_model.model."};
constexpr std::array<std::string_view, 2> head_names = {"lm_head.weight",
                                                        "language_model.lm_head.weight"};

std::string find_stem(const Checkpoint& model) {
  for (const std::string_view stem : stems) {
    if (model.find(fmt::format("{}embed_tokens.weight", stem)) != nullptr) return std::string(stem);
  }
  return "model.";
}

/// The same map under one of several names: the first that is there.
std::string first_of(const Checkpoint& model, const std::string& prefix,
                     std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    if (model.find(fmt::format("{}{}.weight", prefix, name)) != nullptr)
      return fmt::format("{}{}", prefix, name);
  }
  return fmt::format("{}{}", prefix, names.front());
}

GatedPlace find_gated(TensorFinder& finder, const std::string& prefix, std::int64_t hidden,
                      std::int64_t inner, bool bias) {
  return {finder.linear(prefix + "gate_proj", inner, hidden, bias),
          finder.linear(prefix + "up_proj", inner, hidden, bias),
          finder.linear(prefix + "down_proj", hidden, inner, bias)};
}

/// Experts in two tensors, [experts, 2 · inner, hidden] (gate above up) and [experts, hidden,
/// inner].
std::vector<GatedPlace> find_stacked(TensorFinder& finder, const std::string& prefix,
                                     const DecoderConfig& config) {
  const std::int64_t inner = config.expert_intermediate;
  const std::int64_t hidden = config.hidden;
  const auto* both = finder.tensor(prefix + "gate_up_proj", {config.experts, 2 * inner, hidden});
  const auto* down = finder.tensor(prefix + "down_proj", {config.experts, hidden, inner});
  std::vector<GatedPlace> experts;
  for (std::int64_t e = 0; e < config.experts; ++e) {
    const std::string module = prefix + "gate_up_proj";
    experts.push_back({{{both, 2 * inner * e, inner, hidden}, nullptr, module, e},
                       {{both, 2 * inner * e + inner, inner, hidden}, nullptr, module, e},
                       {{down, hidden * e, hidden, inner}, nullptr, prefix + "down_proj", e}});
  }
  return experts;
}

/// Experts one by one, by Mixtral's names (w1, w3, w2) or by those of an MLP.
std::vector<GatedPlace> find_single(TensorFinder& finder, const Checkpoint& model,
                                    const std::string& prefix, const DecoderConfig& config) {
  const std::int64_t inner = config.expert_intermediate;
  const bool numbered = model.find(prefix + "0.w1.weight") != nullptr;
  std::vector<GatedPlace> experts;
  for (std::int64_t e = 0; e < config.experts; ++e) {
    const std::string own = fmt::format("{}{}.", prefix, e);
    experts.push_back(numbered ? GatedPlace{finder.linear(own + "w1", inner, config.hidden),
                                            finder.linear(own + "w3", inner, config.hidden),
                                            finder.linear(own + "w2", config.hidden, inner)}
                               : find_gated(finder, own, config.hidden, inner, false));
  }
  return experts;
}

void find_mixture(TensorFinder& finder, const Checkpoint& model, const std::string& prefix,
                  const DecoderConfig& config, LayerPlaces& layer) {
  static constexpr std::array<std::string_view, 2> of_mixtral = {"block_sparse_moe.gate",
                                                                 "mlp.gate"};
  static constexpr std::array<std::string_view, 1> of_others = {"mlp.gate"};
  const std::span<const std::string_view> names =
      config.family == "mixtral" ? std::span<const std::string_view>(of_mixtral) : of_others;
  const std::string router = first_of(model, prefix, names);
  layer.router = finder.linear(router, config.experts, config.hidden);
  const std::string experts = router.substr(0, router.size() - 4) + "experts.";
  layer.experts = model.find(experts + "gate_up_proj") != nullptr
                      ? find_stacked(finder, experts, config)
                      : find_single(finder, model, experts, config);
}

void find_attention(TensorFinder& finder, const std::string& prefix, const DecoderConfig& config,
                    LayerPlaces& layer) {
  const std::int64_t queries = config.heads * config.head_dim;
  const std::int64_t keys = config.kv_heads * config.head_dim;
  layer.q = finder.linear(prefix + "q_proj", queries, config.hidden, config.qkv_bias);
  layer.k = finder.linear(prefix + "k_proj", keys, config.hidden, config.qkv_bias);
  layer.v = finder.linear(prefix + "v_proj", keys, config.hidden, config.qkv_bias);
  layer.o = finder.linear(prefix + "o_proj", config.hidden, queries, config.o_bias);
  if (!config.head_norms) return;
  layer.q_norm = finder.tensor(prefix + "q_norm.weight", {config.head_dim});
  layer.k_norm = finder.tensor(prefix + "k_norm.weight", {config.head_dim});
}

void find_norms(TensorFinder& finder, const std::string& prefix, const DecoderConfig& config,
                LayerPlaces& layer) {
  const Shape shape = {config.hidden};
  layer.attention_norm = finder.tensor(prefix + "input_layernorm.weight", shape);
  if (!config.output_norms) {
    layer.mlp_norm = finder.tensor(prefix + "post_attention_layernorm.weight", shape);
    return;
  }
  layer.attention_output_norm = finder.tensor(prefix + "post_attention_layernorm.weight", shape);
  layer.mlp_norm = finder.tensor(prefix + "pre_feedforward_layernorm.weight", shape);
  layer.mlp_output_norm = finder.tensor(prefix + "post_feedforward_layernorm.weight", shape);
}

/// A tied head is not stored, or stored and not used; one that is not tied must be there.
MatrixPlace find_head(TensorFinder& finder, const Checkpoint& model, const DecoderConfig& config,
                      const MatrixPlace& embedding) {
  if (config.tied) return embedding;
  for (const std::string_view name : head_names) {
    if (model.find(name) != nullptr)
      return finder.matrix(std::string(name), config.vocabulary, config.hidden);
  }
  return {};
}

}  // namespace

Result<DecoderTensors> find_decoder_tensors(const Checkpoint& model, const DecoderConfig& config) {
  TensorFinder finder(model);
  DecoderTensors found;
  const std::string stem = find_stem(model);
  found.embedding = finder.matrix(stem + "embed_tokens.weight", config.vocabulary, config.hidden);
  found.head = find_head(finder, model, config, found.embedding);
  found.norm = finder.tensor(stem + "norm.weight", {config.hidden});
  for (std::size_t i = 0; i < config.layers.size() && !finder.fault(); ++i) {
    const std::string prefix = fmt::format("{}layers.{}.", stem, i);
    LayerPlaces layer;
    find_norms(finder, prefix, config, layer);
    find_attention(finder, prefix + "self_attn.", config, layer);
    if (config.layers[i].mixture) {
      find_mixture(finder, model, prefix, config, layer);
    } else {
      layer.mlp =
          find_gated(finder, prefix + "mlp.", config.hidden, config.intermediate, config.mlp_bias);
    }
    found.layers.push_back(std::move(layer));
  }
  if (finder.fault()) return *finder.fault();
  return found;
}

}  // namespace inarch
