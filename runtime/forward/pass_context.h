#pragma once

#include <cstdint>
#include <vector>

#include "runtime/forward/decoder_config.h"
#include "runtime/forward/forward_observer.h"
#include "runtime/forward/forward_options.h"
#include "runtime/forward/norm.h"
#include "runtime/forward/rope.h"
#include "runtime/forward/token_groups.h"
#include "runtime/forward/weight_files.h"
#include "runtime/forward/workers.h"

namespace inarch {

/// What the parts of a forward pass share.
struct PassContext {
  const DecoderConfig& config;
  WeightFiles& files;
  Workers& workers;
  ForwardObserver& observer;
  Rounding rounding;
  const RopeTable& rope;
  const RopeTable& local_rope;
};

/// The memory of a group: `normed` is [tokens, hidden], `wide` what a part of a layer needs more.
struct GroupBuffers {
  std::vector<float> normed;
  std::vector<float> wide;
};

/// y = norm(x) for a group, with the threads of the pass; y may be x.
void norm_tokens(const PassContext& context, const std::vector<float>& weights, std::int64_t tokens,
                 const float* x, float* y);
/// state += change, rounded, after the norm of outputs where the family has one.
void add_to_state(const PassContext& context, const std::vector<float>& output_norm,
                  std::int64_t tokens, float* change, float* state);

}  // namespace inarch
