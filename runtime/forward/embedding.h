#pragma once

#include <cstdint>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/forward/decoder_tensors.h"
#include "runtime/forward/pass_context.h"

namespace inarch {

/// The states [tokens, hidden] with which tokens begin, all sequences one after another: rows of
/// the embedding, times √hidden where the family has it so. Only the rows that are asked for are
/// read.
Status embed(const PassContext& context, const MatrixPlace& embedding,
             const std::vector<TokenSequence>& sequences, float* states);

}  // namespace inarch
