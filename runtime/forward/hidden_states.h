#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// Which state stands for a sequence: that of its last token, or the mean over its tokens.
enum class StateOf : std::uint8_t { last_token, all_tokens };

/// The state that enters each layer (transformers' hidden_states[:-1]), one vector for a sequence:
/// f32 [layers][sequences][hidden], row-major. Means are summed in f64. The model is a directory,
/// or a file, as open_checkpoint() takes it. Errors: those of ForwardPass.
Result<std::vector<float>> hidden_states(const std::string& model,
                                         const std::vector<TokenSequence>& sequences, StateOf of,
                                         const ForwardOptions& options);
/// The same of a checkpoint that is open, its encodings recognised.
Result<std::vector<float>> hidden_states(std::shared_ptr<const Checkpoint> model,
                                         const std::vector<TokenSequence>& sequences, StateOf of,
                                         const ForwardOptions& options);

}  // namespace inarch
