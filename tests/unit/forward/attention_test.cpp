#include "runtime/forward/attention.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace inarch {
namespace {

/// Queries, keys and values of some tokens, and a place for what comes of them.
struct Tokens {
  AttentionShape shape;
  std::int64_t count;
  std::vector<float> qkv, result;

  Tokens(const AttentionShape& of, std::int64_t tokens) : shape(of), count(tokens) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    qkv.resize(static_cast<std::size_t>(tokens * stride()));
    for (float& x : qkv) x = normal(random);
    result.resize(static_cast<std::size_t>(tokens * width()));
  }
  std::int64_t width() const { return shape.heads * shape.head_dim; }
  std::int64_t stride() const { return width() + 2 * shape.kv_heads * shape.head_dim; }
  const float* query(std::int64_t token, std::int64_t head) const {
    return qkv.data() + token * stride() + head * shape.head_dim;
  }
  const float* key(std::int64_t token, std::int64_t head) const {
    return query(token, shape.heads + head / (shape.heads / shape.kv_heads));
  }
  const float* value(std::int64_t token, std::int64_t head) const {
    return key(token, head) + shape.kv_heads * shape.head_dim;
  }
  void run(const std::vector<SequenceRange>& sequences, int jobs) {
    Workers workers(jobs);
    attend(shape,
           {qkv.data(), qkv.data() + width(), query(0, shape.heads + shape.kv_heads), stride(),
            result.data(), width()},
           sequences, Rounding::f32, workers);
  }
};

double dot(const float* a, const float* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// One element of the result, by the formula, in double.
double expected(const Tokens& t, const SequenceRange& sequence, std::int64_t at, std::int64_t head,
                std::int64_t d) {
  double sum = 0, total = 0;
  for (std::int64_t k = 0; k <= at; ++k) {
    if (t.shape.window > 0 && k <= at - t.shape.window) continue;
    double score = t.shape.scale * dot(t.query(sequence.begin + at, head),
                                       t.key(sequence.begin + k, head), t.shape.head_dim);
    if (t.shape.cap > 0) score = t.shape.cap * std::tanh(score / t.shape.cap);
    sum += std::exp(score);
    total += std::exp(score) * static_cast<double>(t.value(sequence.begin + k, head)[d]);
  }
  return total / sum;
}

void compare(const AttentionShape& shape, const std::vector<SequenceRange>& sequences) {
  Tokens tokens(shape, sequences.back().begin + sequences.back().tokens);
  tokens.run(sequences, 2);
  for (const SequenceRange& sequence : sequences) {
    for (std::int64_t at = 0; at < sequence.tokens; ++at) {
      for (std::int64_t head = 0; head < shape.heads; ++head) {
        for (std::int64_t d = 0; d < shape.head_dim; ++d) {
          const std::int64_t row = sequence.begin + at;
          const float found = tokens.result[static_cast<std::size_t>(row * tokens.width() +
                                                                     head * shape.head_dim + d)];
          ASSERT_NEAR(found, expected(tokens, sequence, at, head, d), 2e-5) << row << " " << head;
        }
      }
    }
  }
}

TEST(Attention, SequencesDoNotSeeEachOther) {
  compare({4, 2, 6, 0.4, 0, 0}, {{0, 5}, {5, 1}, {6, 90}});
}

TEST(Attention, WindowsEndBehindTheQuery) {
  compare({2, 1, 4, 0.5, 0, 7}, {{0, 150}, {150, 3}});
  compare({2, 2, 4, 0.5, 0, 1}, {{0, 70}});
}

TEST(Attention, CapsScores) { compare({2, 2, 8, 1.5, 2, 0}, {{0, 80}}); }

TEST(Attention, IsTheSameForAnyNumberOfJobs) {
  Tokens one({3, 1, 8, 0.3, 0, 0}, 200), many({3, 1, 8, 0.3, 0, 0}, 200);
  one.run({{0, 130}, {130, 70}}, 1);
  many.run({{0, 130}, {130, 70}}, 5);
  EXPECT_EQ(one.result, many.result);
}

}  // namespace
}  // namespace inarch
