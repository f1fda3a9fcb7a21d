#include "runtime/forward/layer_attention.h"

#include <array>
#include <utility>

namespace inarch {

namespace {

constexpr std::int64_t tokens_in_task = 32;

AttentionShape shape_of(const DecoderConfig& config, const LayerConfig& layer) {
  return {config.heads,           config.kv_heads,      config.head_dim,
          config.attention_scale, config.attention_cap, layer.window};
}

}  // namespace

LayerAttention::LayerAttention(const LayerPlaces& places, LayerConfig layer, LinearMap q,
                               LinearMap k, LinearMap v, LinearMap o)
    : places_(&places),
      layer_(layer),
      q_(std::move(q)),
      k_(std::move(k)),
      v_(std::move(v)),
      o_(std::move(o)) {}

Result<LayerAttention> LayerAttention::open(WeightFiles& files, const LayerPlaces& places,
                                            const LayerConfig& layer) {
  std::vector<LinearMap> maps;
  for (const LinearPlace* place : {&places.q, &places.k, &places.v, &places.o}) {
    auto map = LinearMap::open(files, *place);
    if (!map) return map.error();
    maps.push_back(std::move(*map));
  }
  LayerAttention attention(places, layer, std::move(maps[0]), std::move(maps[1]),
                           std::move(maps[2]), std::move(maps[3]));
  for (const auto& [tensor, into] :
       {std::pair{places.attention_norm, &attention.norm_},
        std::pair{places.attention_output_norm, &attention.output_norm_},
        std::pair{places.q_norm, &attention.q_norm_},
        std::pair{places.k_norm, &attention.k_norm_}}) {
    if (tensor == nullptr) continue;
    auto values = read_vector(files, *tensor);
    if (!values) return values.error();
    *into = std::move(*values);
  }
  return attention;
}

/// Norms the heads of queries and keys, where the family does, and turns them to their positions.
void LayerAttention::place_heads(const PassContext& context, const TokenGroup& group,
                                 float* qkv) const {
  const DecoderConfig& config = context.config;
  const std::int64_t d = config.head_dim;
  const std::int64_t stride = (config.heads + 2 * config.kv_heads) * d;
  const RopeTable& rope = layer_.local_rope ? context.local_rope : context.rope;
  const RmsNorm q_norm{q_norm_.data(), d, config.norm_epsilon, config.norm};
  const RmsNorm k_norm{k_norm_.data(), d, config.norm_epsilon, config.norm};
  context.workers.over(group.tokens, tokens_in_task, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      float* queries = qkv + t * stride;
      float* keys = queries + config.heads * d;
      if (config.head_norms) {
        apply_norm(q_norm, config.heads, queries, d, context.rounding, queries, d);
        apply_norm(k_norm, config.kv_heads, keys, d, context.rounding, keys, d);
      }
      rope.turn(group.positions[static_cast<std::size_t>(t)], config.heads + config.kv_heads,
                queries);
    }
  });
}

Status LayerAttention::apply(const PassContext& context, const TokenGroup& group, float* state,
                             GroupBuffers& buffers) const {
  const DecoderConfig& config = context.config;
  const std::int64_t hidden = config.hidden, m = group.tokens;
  const std::int64_t q_width = config.heads * config.head_dim;
  const std::int64_t kv_width = config.kv_heads * config.head_dim;
  const std::int64_t stride = q_width + 2 * kv_width;
  float* normed = grown(buffers.normed, m * hidden);
  float* qkv = grown(buffers.wide, m * attention_floats(config));
  float* result = qkv + m * stride;

  norm_tokens(context, norm_, m, state, normed);
  if (context.observer.wants_inputs()) {
    const std::array modules = {places_->q.module, places_->k.module, places_->v.module};
    context.observer.linear_input(modules, -1, m, hidden, normed);
  }
  const std::array work = {
      LinearWork{&q_, normed, hidden, qkv, stride},
      LinearWork{&k_, normed, hidden, qkv + q_width, stride},
      LinearWork{&v_, normed, hidden, qkv + q_width + kv_width, stride},
  };
  Status status = apply_linear(context.files, context.workers, m, work, context.rounding);
  if (!status) return status;
  place_heads(context, group, qkv);
  attend(shape_of(config, layer_),
         {qkv, qkv + q_width, qkv + q_width + kv_width, stride, result, q_width}, group.sequences,
         context.rounding, context.workers);
  if (context.observer.wants_inputs())
    context.observer.linear_input(std::array{places_->o.module}, -1, m, q_width, result);
  const std::array last = {LinearWork{&o_, result, q_width, normed, hidden}};
  status = apply_linear(context.files, context.workers, m, last, context.rounding);
  if (status) add_to_state(context, output_norm_, m, normed, state);
  return status;
}

}  // namespace inarch
