#include "runtime/forward/forward_pass.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/forward/embedding.h"
#include "runtime/forward/forward_memory.h"
#include "runtime/forward/layer_attention.h"
#include "runtime/forward/layer_mlp.h"
#include "runtime/forward/logits.h"
#include "runtime/forward/matrix_rows.h"
#include "runtime/forward/pass_context.h"
#include "runtime/forward/weight_files.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/logical_checkpoint.h"

namespace inarch {

namespace {

/// E586 for the first sequence of a group whose state has a value that is none.
Status check_finite(const DecoderConfig& config, const TokenGroup& group, const std::string& part,
                    const float* state) {
  for (std::size_t s = 0; s < group.sequences.size(); ++s) {
    const SequenceRange& range = group.sequences[s];
    const float* from = state + range.begin * config.hidden;
    const float* to = from + range.tokens * config.hidden;
    if (std::all_of(from, to, [](float x) { return std::isfinite(x); })) continue;
    return error("E586", fmt::format("{} makes a state of sequence {} that is not finite", part,
                                     group.first_sequence + s));
  }
  return {};
}

/// One run over its sequences.
class Pass {
 public:
  Pass(const DecoderTensors& tensors, const PassContext& context,
       const std::vector<TokenSequence>& sequences, const std::vector<TokenGroup>& groups)
      : tensors_(tensors), context_(context), sequences_(sequences), groups_(groups) {}

  Status run(LogitsOf logits) {
    std::int64_t tokens = 0;
    for (const TokenGroup& group : groups_) tokens += group.tokens;
    states_.resize(static_cast<std::size_t>(tokens * context_.config.hidden));
    Status status = embed(context_, tensors_.embedding, sequences_, states_.data());
    for (std::size_t layer = 0; layer < tensors_.layers.size() && status; ++layer)
      status = run_layer(layer);
    if (status) status = finish();
    if (!status || logits == LogitsOf::none) return status;
    return show_logits(context_, tensors_.head, sequences_, logits, states_.data());
  }

 private:
  float* state_of(const TokenGroup& group) {
    return states_.data() + group.first * context_.config.hidden;
  }

  /// Has the observer look at the state of each sequence.
  template <typename Show>
  void show_states(const TokenGroup& group, Show show) {
    for (std::size_t s = 0; s < group.sequences.size(); ++s) {
      const SequenceRange& range = group.sequences[s];
      show(group.first_sequence + s, range.tokens,
           state_of(group) + range.begin * context_.config.hidden);
    }
  }

  /// Has the system read a layer's matrices, but for experts that nobody may choose, while another
  /// layer is at work.
  void expect_layer(std::size_t layer) {
    if (layer >= tensors_.layers.size()) return;
    const LayerPlaces& places = tensors_.layers[layer];
    for (const LinearPlace* map : {&places.q, &places.k, &places.v, &places.o, &places.mlp.gate,
                                   &places.mlp.up, &places.mlp.down})
      expect_matrix(context_.files, map->weight);
  }

  Status run_layer(std::size_t layer) {
    expect_layer(layer + 1);
    const LayerPlaces& places = tensors_.layers[layer];
    const auto number = static_cast<std::int64_t>(layer);
    const auto attention =
        LayerAttention::open(context_.files, places, context_.config.layers[layer]);
    if (!attention) return attention.error();
    const auto mlp = LayerMlp::open(context_.files, places);
    if (!mlp) return mlp.error();
    for (const TokenGroup& group : groups_) {
      show_states(group, [&](std::size_t sequence, std::int64_t tokens, const float* state) {
        context_.observer.layer_input(number, sequence, tokens, state);
      });
      Status status = attention->apply(context_, group, state_of(group), buffers_);
      if (status) status = mlp->apply(context_, number, group.tokens, state_of(group), buffers_);
      if (status)
        status =
            check_finite(context_.config, group, fmt::format("layer {}", layer), state_of(group));
      if (!status) return status;
    }
    return {};
  }

  Status finish() {
    const auto norm = read_vector(context_.files, *tensors_.norm);
    if (!norm) return norm.error();
    for (const TokenGroup& group : groups_) {
      norm_tokens(context_, *norm, group.tokens, state_of(group), state_of(group));
      Status status = check_finite(context_.config, group, "the last norm", state_of(group));
      if (!status) return status;
      show_states(group, [&](std::size_t sequence, std::int64_t tokens, const float* state) {
        context_.observer.final_state(sequence, tokens, state);
      });
    }
    return {};
  }

  const DecoderTensors& tensors_;
  const PassContext& context_;
  const std::vector<TokenSequence>& sequences_;
  const std::vector<TokenGroup>& groups_;
  std::vector<float> states_;  // [tokens, hidden] of all sequences
  GroupBuffers buffers_;
};

/// E581 for a sequence that would be run at other frequencies.
Status check_lengths(const std::vector<TokenSequence>& sequences, const DecoderConfig& config) {
  const std::int64_t most = config.rope.most_positions;
  for (std::size_t s = 0; s < sequences.size() && most > 0; ++s) {
    if (static_cast<std::int64_t>(sequences[s].size()) <= most) continue;
    return error("E581", fmt::format("sequence {} has {} tokens, and beyond {} this model's rotary "
                                     "positions change with the length, which is not run",
                                     s, sequences[s].size(), most));
  }
  return {};
}

}  // namespace

Status check_tokens(const std::vector<TokenSequence>& sequences, std::int64_t vocabulary) {
  if (sequences.empty()) return error("E584", "there are no tokens to run");
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    if (sequences[s].empty()) return error("E584", fmt::format("sequence {} has no tokens", s));
    for (std::size_t t = 0; t < sequences[s].size(); ++t) {
      const std::int64_t id = sequences[s][t];
      if (id >= 0 && id < vocabulary) continue;
      return error("E584", fmt::format("token {} of sequence {} is {}, and the vocabulary has ids "
                                       "from 0 to {}",
                                       t, s, id, vocabulary - 1));
    }
  }
  return {};
}

ForwardPass::ForwardPass(std::shared_ptr<const Checkpoint> model, DecoderConfig config,
                         DecoderTensors tensors)
    : model_(std::move(model)), config_(std::move(config)), tensors_(std::move(tensors)) {}

Result<ForwardPass> ForwardPass::open(const std::string& model) {
  Diagnostics diagnostics;
  auto checkpoint = open_checkpoint(model, diagnostics);
  if (checkpoint && read_encodings(*checkpoint, diagnostics))
    return open(std::make_shared<const Checkpoint>(std::move(*checkpoint)));
  for (const Diagnostic& found : diagnostics.list()) {
    if (found.severity == Severity::error) return found;
  }
  return error("E701", fmt::format("cannot open {}", escape_for_terminal(model)));
}

Result<ForwardPass> ForwardPass::open(std::shared_ptr<const Checkpoint> model) {
  auto config = read_decoder_config(model->config);
  if (!config) return std::move(config.error()).in(escape_for_terminal(model->location));
  auto tensors = find_decoder_tensors(*model, *config);
  if (!tensors) return tensors.error();
  return ForwardPass(std::move(model), std::move(*config), std::move(*tensors));
}

Status ForwardPass::check(const std::vector<TokenSequence>& sequences, LogitsOf logits) const {
  if (Status status = check_tokens(sequences, config_.vocabulary); !status) return status;
  if (Status status = check_lengths(sequences, config_); !status) return status;
  if (logits == LogitsOf::none || tensors_.head.tensor != nullptr) return {};
  return error("E582", "there is no tensor 'lm_head.weight', by which logits are computed")
      .in(escape_for_terminal(model_->location));
}

Status ForwardPass::run(const std::vector<TokenSequence>& sequences, LogitsOf logits,
                        ForwardObserver& observer, const ForwardOptions& options,
                        std::int64_t kept) const {
  if (Status status = check(sequences, logits); !status) return status;
  const std::vector<TokenGroup> groups = group_tokens(config_, sequences);
  const ForwardMemory need =
      forward_memory(*model_, config_, tensors_, groups, logits, options.jobs, kept);
  const std::int64_t tokens = groups.back().first + groups.back().tokens;
  if (Status status = check_memory(need, options.memory, tokens, sequences.size()); !status)
    return status;
  std::int64_t longest = 0;
  for (const TokenSequence& sequence : sequences)
    longest = std::max(longest, static_cast<std::int64_t>(sequence.size()));
  const RopeTable rope(config_.rope, config_.head_dim, longest, options.rounding);
  const RopeTable local(config_.local_rope, config_.head_dim, longest, options.rounding);
  WeightFiles files(*model_);
  Workers workers(options.jobs, options.stop);
  const PassContext context{config_, files, workers, observer, options.rounding, rope, local};
  return Pass(tensors_, context, sequences, groups).run(logits);
}

}  // namespace inarch
