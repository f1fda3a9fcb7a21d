#pragma once

#include <cstdint>
#include <vector>

#include "runtime/forward/forward_options.h"
#include "runtime/forward/workers.h"

namespace inarch {

/// How queries attend to keys before them.
struct AttentionShape {
  std::int64_t heads = 1;
  std::int64_t kv_heads = 1;  ///< heads / kv_heads neighbouring heads share keys and values
  std::int64_t head_dim = 1;
  double scale = 1;
  double cap = 0;           ///< scores become cap · tanh(score / cap); 0: they stay
  std::int64_t window = 0;  ///< keys that are seen, the query's own included; 0: all before it
};

/// Queries [heads · head_dim], keys and values [kv_heads · head_dim] of tokens that follow one
/// another with these distances, and where to put the results [heads · head_dim].
struct AttentionArrays {
  const float* queries;
  const float* keys;
  const float* values;
  std::int64_t stride;  ///< between tokens, of all three
  float* result;
  std::int64_t result_stride;
};

/// Tokens [begin, begin + tokens) of those arrays are a sequence of their own.
struct SequenceRange {
  std::int64_t begin = 0;
  std::int64_t tokens = 0;
};

/// result = softmax(scale · q · kᵀ) · v, causal, for each head of each sequence. Queries are worked
/// on in blocks of a fixed size, each with the keys that it can see. Vaswani et al., 2017; grouped
/// queries as in Ainslie et al., 2023.
void attend(const AttentionShape& shape, const AttentionArrays& arrays,
            const std::vector<SequenceRange>& sequences, Rounding rounding, Workers& workers);

/// Floats of scores that a worker holds for a sequence of so many tokens.
std::int64_t attention_scratch(const AttentionShape& shape, std::int64_t tokens);

}  // namespace inarch
