#pragma once

#include <cstdint>
#include <vector>

#include "runtime/forward/attention.h"
#include "runtime/forward/decoder_config.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// Whole sequences whose tokens go through a layer together. All tokens of a pass lie one after
/// another; those of a group are `tokens` from `first` on.
struct TokenGroup {
  std::int64_t first = 0;
  std::int64_t tokens = 0;
  std::size_t first_sequence = 0;
  std::vector<SequenceRange> sequences;  ///< within the group
  std::vector<std::int64_t> positions;   ///< of each token in its sequence
};

/// Floats that a token of a group takes beside its state: the normed state, and what the widest
/// part of a layer makes of it.
std::int64_t floats_per_token(const DecoderConfig& config);
/// Floats of a token in each of the parts.
std::int64_t attention_floats(const DecoderConfig& config);
std::int64_t mixture_floats(const DecoderConfig& config);

/// Groups of so many tokens that their work is some 96 MiB, or of one long sequence. That depends
/// on the model and the lengths alone, since sums inside products depend on the number of rows.
std::vector<TokenGroup> group_tokens(const DecoderConfig& config,
                                     const std::vector<TokenSequence>& sequences);

}  // namespace inarch
