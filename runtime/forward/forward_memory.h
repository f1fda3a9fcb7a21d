#pragma once

#include <cstdint>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/forward/decoder_tensors.h"
#include "runtime/forward/forward_pass.h"
#include "runtime/forward/token_groups.h"

namespace inarch {

/// Bytes that a forward pass takes, by what they are for.
struct ForwardMemory {
  std::int64_t program = 0;  ///< before anything is read
  std::int64_t states = 0;   ///< of all tokens
  std::int64_t group = 0;    ///< of the tokens that go through a layer at once
  std::int64_t workers = 0;  ///< blocks of weights, and results of theirs
  std::int64_t weights = 0;  ///< what is kept of a layer: norms, scales, packed codes
  std::int64_t kept = 0;     ///< by the observer

  std::int64_t total() const { return program + states + group + workers + weights + kept; }
};

ForwardMemory forward_memory(const Checkpoint& model, const DecoderConfig& config,
                             const DecoderTensors& tensors, const std::vector<TokenGroup>& groups,
                             LogitsOf logits, int jobs, std::int64_t kept);

/// E585 when it is more than `memory`, with what each part takes.
Status check_memory(const ForwardMemory& need, std::int64_t memory, std::int64_t tokens,
                    std::size_t sequences);

}  // namespace inarch
