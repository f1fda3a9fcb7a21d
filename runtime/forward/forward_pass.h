#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/forward/decoder_config.h"
#include "runtime/forward/decoder_tensors.h"
#include "runtime/forward/forward_observer.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// Of which tokens logits are computed.
enum class LogitsOf : std::uint8_t { none, last_token, all_tokens };

/// E584: an id outside the vocabulary, or no ids.
Status check_tokens(const std::vector<TokenSequence>& sequences, std::int64_t vocabulary);

/// A decoder of one of the families in decoder_config.h, run over sequences of tokens without ever
/// being in memory: each matrix is read once for a group of tokens, in blocks of rows that are
/// decoded, used and forgotten. Encoded tensors are read through their codecs.
///
/// Matrix products are those of f32 in OpenBLAS, so that the last bits depend on the processor, but
/// on nothing else: not on the number of jobs, nor on memory.
class ForwardPass {
 public:
  /// Reads the config and holds all names and shapes against it: E581 (no such family, or something
  /// in the config that is not run here), E582 (a tensor is missing), E583 (it has another shape or
  /// type), E589 (the config lacks a size), and the faults of open_checkpoint().
  static Result<ForwardPass> open(const std::string& model);
  /// The same for a checkpoint whose encodings are recognised (read_encodings).
  static Result<ForwardPass> open(std::shared_ptr<const Checkpoint> model);

  const Checkpoint& model() const { return *model_; }
  const DecoderConfig& config() const { return config_; }
  const DecoderTensors& tensors() const { return tensors_; }

  /// Whether it can: E584 (an id outside the vocabulary, or no ids), E581 (too many of them), E582
  /// (logits of a model that has no head).
  Status check(const std::vector<TokenSequence>& sequences, LogitsOf logits) const;
  /// Shows the observer what it computes. The faults of check(), E585
  /// (more memory is needed than there may be), E586 (a state that is not finite), E588 (it was
  /// stopped), E701 (reading).
  /// `kept` are bytes that the observer keeps, and that the budget has to cover too.
  Status run(const std::vector<TokenSequence>& sequences, LogitsOf logits,
             ForwardObserver& observer, const ForwardOptions& options, std::int64_t kept = 0) const;

 private:
  ForwardPass(std::shared_ptr<const Checkpoint> model, DecoderConfig config,
              DecoderTensors tensors);

  std::shared_ptr<const Checkpoint> model_;
  DecoderConfig config_;
  DecoderTensors tensors_;
};

}  // namespace inarch
