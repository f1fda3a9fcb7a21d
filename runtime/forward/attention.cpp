#include "runtime/forward/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/forward/rounded.h"
#include "runtime/kernels/linear_algebra.h"

namespace inarch {

namespace {

constexpr std::int64_t queries_at_a_time = 64;

/// Queries [first, end) of one head of one sequence.
struct QueryBlock {
  SequenceRange sequence;
  std::int64_t head;
  std::int64_t first, end;
};

/// The first key that a query sees.
std::int64_t first_key(const AttentionShape& shape, std::int64_t query) {
  return shape.window > 0 ? std::max<std::int64_t>(0, query - shape.window + 1) : 0;
}

/// Scores of one query to probabilities; what it does not see gets 0. `from` and `to` bound what it
/// sees among `count` scores.
void normalise(const AttentionShape& shape, Rounding rounding, std::int64_t from, std::int64_t to,
               std::int64_t count, float* scores) {
  const auto scale = static_cast<float>(shape.scale);
  const auto cap = static_cast<float>(shape.cap);
  float most = -std::numeric_limits<float>::infinity();
  for (std::int64_t j = from; j < to; ++j) {
    float score = rounded_as(rounding, rounded_as(rounding, scores[j]) * scale);
    if (cap > 0) {
      score = rounded_as(rounding, std::tanh(rounded_as(rounding, score / cap)));
      score = rounded_as(rounding, score * cap);
    }
    scores[j] = score;
    most = std::max(most, score);
  }
  double sum = 0;
  for (std::int64_t j = from; j < to; ++j) {
    scores[j] = std::exp(scores[j] - most);
    sum += static_cast<double>(scores[j]);
  }
  const auto share = static_cast<float>(1 / sum);
  for (std::int64_t j = from; j < to; ++j) scores[j] *= share;
  round_as(rounding, scores + from, to - from);
  std::fill(scores, scores + from, 0.0F);
  std::fill(scores + to, scores + count, 0.0F);
}

void attend_block(const AttentionShape& shape, const AttentionArrays& a, const QueryBlock& block,
                  Rounding rounding, float* scores) {
  const std::int64_t d = shape.head_dim;
  const std::int64_t kv = block.head / (shape.heads / shape.kv_heads) * d;
  const std::int64_t low = first_key(shape, block.first);
  const std::int64_t count = block.end - low;
  const std::int64_t queries = block.end - block.first;
  const std::int64_t query = block.sequence.begin + block.first;
  const std::int64_t key = block.sequence.begin + low;
  multiply(queries, count, d, {a.queries + query * a.stride + block.head * d, a.stride},
           {a.keys + key * a.stride + kv, a.stride, true}, ProductMode::set, scores, count);
  for (std::int64_t i = 0; i < queries; ++i) {
    const std::int64_t at = block.first + i;
    normalise(shape, rounding, first_key(shape, at) - low, at + 1 - low, count, scores + i * count);
  }
  float* result = a.result + query * a.result_stride + block.head * d;
  multiply(queries, d, count, {scores, count}, {a.values + key * a.stride + kv, a.stride},
           ProductMode::set, result, a.result_stride);
  for (std::int64_t i = 0; i < queries; ++i) round_as(rounding, result + i * a.result_stride, d);
}

}  // namespace

std::int64_t attention_scratch(const AttentionShape& shape, std::int64_t tokens) {
  const std::int64_t seen =
      shape.window > 0 ? std::min(tokens, shape.window + queries_at_a_time) : tokens;
  return std::min(tokens, queries_at_a_time) * seen;
}

void attend(const AttentionShape& shape, const AttentionArrays& arrays,
            const std::vector<SequenceRange>& sequences, Rounding rounding, Workers& workers) {
  std::vector<QueryBlock> blocks;
  for (const SequenceRange& sequence : sequences) {
    for (std::int64_t head = 0; head < shape.heads; ++head) {
      for (std::int64_t first = 0; first < sequence.tokens; first += queries_at_a_time) {
        blocks.push_back(
            {sequence, head, first, std::min(first + queries_at_a_time, sequence.tokens)});
      }
    }
  }
  static_cast<void>(
      workers.run(blocks.size(), [&](std::size_t task, WorkerBuffers& buffers) -> Status {
        const QueryBlock& block = blocks[task];
        float* scores = grown(buffers.first, attention_scratch(shape, block.sequence.tokens));
        attend_block(shape, arrays, block, rounding, scores);
        return {};
      }));
}

}  // namespace inarch
