#pragma once

#include <cstdint>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/forward/decoder_tensors.h"
#include "runtime/forward/forward_pass.h"
#include "runtime/forward/pass_context.h"

namespace inarch {

/// Tokens whose states are multiplied at a time with a block of the vocabulary.
inline constexpr std::int64_t logit_tokens = 512;

/// Shows the observer the logits of all tokens or of the last of each sequence. `states` are the
/// normed ones [tokens, hidden] of all sequences. The head is read once, in blocks of rows.
Status show_logits(const PassContext& context, const MatrixPlace& head,
                   const std::vector<TokenSequence>& sequences, LogitsOf of, const float* states);

}  // namespace inarch
