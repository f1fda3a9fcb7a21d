#include "runtime/forward/forward_memory.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/memory_model.h"
#include "compiler/support/sizes.h"
#include "runtime/forward/encoded_parts.h"
#include "runtime/forward/linear.h"
#include "runtime/forward/logits.h"

namespace inarch {

namespace {

constexpr std::int64_t float_size = 4;
constexpr std::int64_t position_size = 8;

std::int64_t kept_of(const Checkpoint& model, const MatrixPlace& place) {
  if (place.tensor == nullptr || !place.tensor->is_encoded()) return 0;
  return EncodedParts::bytes(
      *model.encoded[static_cast<std::size_t>(place.tensor->encoded)].encoding);
}

std::int64_t kept_of(const Checkpoint& model, const GatedPlace& mlp) {
  return kept_of(model, mlp.gate.weight) + kept_of(model, mlp.up.weight) +
         kept_of(model, mlp.down.weight);
}

/// Of experts one is open at a time.
std::int64_t layer_bytes(const Checkpoint& model, const DecoderConfig& config,
                         const LayerPlaces& layer) {
  std::int64_t bytes = 16 * config.hidden * float_size;
  for (const LinearPlace* place : {&layer.q, &layer.k, &layer.v, &layer.o})
    bytes += kept_of(model, place->weight);
  std::int64_t expert = 0;
  for (const GatedPlace& place : layer.experts) expert = std::max(expert, kept_of(model, place));
  return bytes + expert + (layer.router ? 0 : kept_of(model, layer.mlp));
}

/// A block of weights as stored and as f32, and the largest of what is made with it.
std::int64_t worker_bytes(const DecoderConfig& config, const std::vector<TokenGroup>& groups,
                          LogitsOf logits) {
  std::int64_t block = 0, results = 0;
  const auto take = [&](std::int64_t rows, std::int64_t columns, std::int64_t tokens) {
    const std::int64_t count = rows_at_a_time(rows, columns);
    block = std::max(block, count * columns);
    results = std::max(results, count * tokens);
  };
  const std::int64_t queries = config.heads * config.head_dim;
  for (const TokenGroup& group : groups) {
    take(queries, config.hidden, 0);
    take(config.hidden, queries, 0);
    const std::int64_t inner = std::max(config.intermediate, config.expert_intermediate);
    take(inner, config.hidden, group.tokens);
    take(config.hidden, inner, 0);
    const AttentionShape shape{config.heads, config.kv_heads, config.head_dim};
    for (const SequenceRange& sequence : group.sequences)
      results = std::max(results, attention_scratch(shape, sequence.tokens));
  }
  if (logits != LogitsOf::none) take(config.vocabulary, config.hidden, logit_tokens);
  return 2 * block * float_size + results * float_size;
}

}  // namespace

ForwardMemory forward_memory(const Checkpoint& model, const DecoderConfig& config,
                             const DecoderTensors& tensors, const std::vector<TokenGroup>& groups,
                             LogitsOf logits, int jobs, std::int64_t kept) {
  ForwardMemory need;
  need.program = process_base_bytes;
  need.kept = kept;
  std::int64_t longest = 0;
  for (const TokenGroup& group : groups) {
    need.states += group.tokens * (config.hidden * float_size + position_size);
    need.group = std::max(need.group, group.tokens * floats_per_token(config) * float_size);
    for (const SequenceRange& sequence : group.sequences)
      longest = std::max(longest, sequence.tokens);
  }
  need.group += longest * config.head_dim * 2 * float_size;  // positions turned, two kinds of them
  need.workers = jobs * worker_bytes(config, groups, logits);
  for (const LayerPlaces& layer : tensors.layers)
    need.weights = std::max(need.weights, layer_bytes(model, config, layer));
  need.weights = std::max({need.weights, kept_of(model, tensors.embedding),
                           logits == LogitsOf::none ? 0 : kept_of(model, tensors.head)});
  return need;
}

Status check_memory(const ForwardMemory& need, std::int64_t memory, std::int64_t tokens,
                    std::size_t sequences) {
  if (need.total() <= memory) return {};
  Diagnostic fault =
      error("E585", fmt::format("running {} tokens in {} sequence{} takes {}, and there may be {}",
                                format_count(tokens), sequences, sequences == 1 ? "" : "s",
                                format_memory(need.total()), format_memory(memory)));
  const auto part = [&](std::int64_t bytes, const char* what) {
    if (bytes > 0) fault.notes.push_back(fmt::format("{}: {}", what, format_memory(bytes)));
  };
  part(need.program, "the program");
  part(need.states, "states of all tokens");
  part(need.group, "what a layer makes of the largest group of tokens");
  part(need.workers, "blocks of weights that jobs work on");
  part(need.weights, "norms, scales and packed codes of a layer");
  part(need.kept, "results");
  fault.help = "give more with --memory, or run fewer or shorter sequences, or fewer --jobs";
  return fault;
}

}  // namespace inarch
