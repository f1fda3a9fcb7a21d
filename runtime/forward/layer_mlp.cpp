#include "runtime/forward/layer_mlp.h"

#include <array>
#include <utility>

#include "runtime/forward/mixture.h"

namespace inarch {

Result<LayerMlp> LayerMlp::open(WeightFiles& files, const LayerPlaces& places) {
  LayerMlp mlp(places);
  if (places.router) {
    auto router = LinearMap::open(files, *places.router);
    if (!router) return router.error();
    mlp.router_ = std::move(*router);
  } else {
    auto dense = GatedMlp::open(files, places.mlp);
    if (!dense) return dense.error();
    mlp.dense_ = std::move(*dense);
  }
  for (const auto& [tensor, into] : {std::pair{places.mlp_norm, &mlp.norm_},
                                     std::pair{places.mlp_output_norm, &mlp.output_norm_}}) {
    if (tensor == nullptr) continue;
    auto values = read_vector(files, *tensor);
    if (!values) return values.error();
    *into = std::move(*values);
  }
  return mlp;
}

Status LayerMlp::apply_dense(const PassContext& context, std::int64_t tokens, float* normed,
                             GroupBuffers& buffers) const {
  const DecoderConfig& config = context.config;
  const std::int64_t hidden = config.hidden, inner = config.intermediate;
  float* h = grown(buffers.wide, tokens * inner);
  if (context.observer.wants_inputs()) {
    const std::array modules = {places_->mlp.gate.module, places_->mlp.up.module};
    context.observer.linear_input(modules, -1, tokens, hidden, normed);
  }
  Status status = apply_gates(context.files, context.workers, *dense_, config.activation,
                              context.rounding, tokens, normed, h);
  if (!status) return status;
  if (context.observer.wants_inputs())
    context.observer.linear_input(std::array{places_->mlp.down.module}, -1, tokens, inner, h);
  const std::array work = {LinearWork{&dense_->down, h, inner, normed, hidden}};
  return apply_linear(context.files, context.workers, tokens, work, context.rounding);
}

Status LayerMlp::apply(const PassContext& context, std::int64_t layer, std::int64_t tokens,
                       float* state, GroupBuffers& buffers) const {
  float* normed = grown(buffers.normed, tokens * context.config.hidden);
  norm_tokens(context, norm_, tokens, state, normed);
  Status status = router_
                      ? apply_mixture(context, *places_, *router_, layer, tokens, normed,
                                      grown(buffers.wide, tokens * mixture_floats(context.config)))
                      : apply_dense(context, tokens, normed, buffers);
  if (status) add_to_state(context, output_norm_, tokens, normed, state);
  return status;
}

}  // namespace inarch
