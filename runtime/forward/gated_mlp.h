#pragma once

#include <cstdint>

#include "compiler/support/result.h"
#include "runtime/forward/decoder_config.h"
#include "runtime/forward/linear.h"

namespace inarch {

/// W_down · (act(W_gate · x) ∘ (W_up · x)). Shazeer, 2020.
struct GatedMlp {
  LinearMap gate, up, down;

  static Result<GatedMlp> open(WeightFiles& files, const GatedPlace& place);
};

/// The inner activations h[m, inner] of x[m, hidden]. Blocks of gate and up are multiplied and
/// joined by one task, so that neither is there as a whole.
Status apply_gates(WeightFiles& files, Workers& workers, const GatedMlp& mlp, Activation activation,
                   Rounding rounding, std::int64_t m, const float* x, float* h);

}  // namespace inarch
