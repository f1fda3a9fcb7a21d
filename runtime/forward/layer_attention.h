#pragma once

#include <cstdint>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/forward/linear.h"
#include "runtime/forward/pass_context.h"

namespace inarch {

/// The attention half of a layer, ready to be applied to groups of tokens.
class LayerAttention {
 public:
  static Result<LayerAttention> open(WeightFiles& files, const LayerPlaces& places,
                                     const LayerConfig& layer);

  /// state += W_o · attention(norm(state)).
  Status apply(const PassContext& context, const TokenGroup& group, float* state,
               GroupBuffers& buffers) const;

 private:
  LayerAttention(const LayerPlaces& places, LayerConfig layer, LinearMap q, LinearMap k,
                 LinearMap v, LinearMap o);
  void place_heads(const PassContext& context, const TokenGroup& group, float* qkv) const;

  const LayerPlaces* places_;
  LayerConfig layer_;
  LinearMap q_, k_, v_, o_;
  std::vector<float> norm_, output_norm_, q_norm_, k_norm_;
};

}  // namespace inarch
