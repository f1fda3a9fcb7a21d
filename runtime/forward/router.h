#pragma once

#include <cstdint>

#include "runtime/forward/decoder_config.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// For each of `tokens` rows of router logits [tokens, config.experts] the config.chosen_experts of
/// the greatest probability, greatest first, and of equal ones the first; with their probabilities
/// after a softmax over all experts, normalised and rounded as the family does.
void choose_experts(const DecoderConfig& config, std::int64_t tokens, const float* logits,
                    Rounding rounding, std::int32_t* experts, float* weights);

}  // namespace inarch
