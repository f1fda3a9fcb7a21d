#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/forward/gated_mlp.h"
#include "runtime/forward/pass_context.h"

namespace inarch {

/// The other half of a layer: an MLP, or experts of which each token goes to a few.
class LayerMlp {
 public:
  /// Reads the norms and opens the MLP or the router; experts are opened one by one.
  static Result<LayerMlp> open(WeightFiles& files, const LayerPlaces& places);

  /// state += mlp(norm(state)). `layer` is for the observer.
  Status apply(const PassContext& context, std::int64_t layer, std::int64_t tokens, float* state,
               GroupBuffers& buffers) const;

 private:
  explicit LayerMlp(const LayerPlaces& places) : places_(&places) {}
  Status apply_dense(const PassContext& context, std::int64_t tokens, float* normed,
                     GroupBuffers& buffers) const;

  const LayerPlaces* places_;
  std::optional<GatedMlp> dense_;
  std::optional<LinearMap> router_;
  std::vector<float> norm_, output_norm_;
};

}  // namespace inarch
