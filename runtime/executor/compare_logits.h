#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/core/logits_claim.h"
#include "compiler/support/diagnostic.h"
#include "compiler/support/result.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// How far the logits of two models are apart, over all tokens of some prompts.
struct LogitsDistance {
  double difference = 0;  ///< the largest
  double largest = 0;     ///< magnitude of any
  std::size_t prompt = 0;
  std::int64_t token = 0;  ///< where they differ most
};

/// Runs both models, the paths `left` and `right`, over the prompts; the logits of the one are
/// kept for the other. E825 when they have different numbers, and the faults of ForwardPass.
Result<LogitsDistance> compare_logits(const std::string& left, const std::string& right,
                                      const std::vector<TokenSequence>& prompts,
                                      const ForwardOptions& options);

/// E803 for a claim that does not hold, W800 where it only warns. Whether it holds.
bool report_logits(const LogitsClaim& claim, const std::string& origin, const LogitsDistance& found,
                   Diagnostics& diagnostics);

}  // namespace inarch
