#pragma once

#include <cstdint>

#include "compiler/support/result.h"
#include "runtime/forward/linear.h"
#include "runtime/forward/pass_context.h"

namespace inarch {

/// x = Σ weight · expert(x) over the experts that the router chooses for each of `tokens` rows
/// x[tokens, hidden]. Experts are opened and applied one by one, in order, to the tokens that chose
/// them. `wide` has mixture_floats() for each token.
Status apply_mixture(const PassContext& context, const LayerPlaces& places, const LinearMap& router,
                     std::int64_t layer, std::int64_t tokens, float* x, float* wide);

}  // namespace inarch
