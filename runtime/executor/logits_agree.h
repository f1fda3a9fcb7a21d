#pragma once

#include <string>

#include "compiler/plan/plan.h"
#include "compiler/support/diagnostic.h"
#include "compiler/support/result.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// Runs the two models of a check over its prompts, as others will run them: from the files, those
/// of outputs in `output`. Whether it holds; where it does not, or a logit is no finite number,
/// that is added as E803, or as W800 of a check that only warns. Errors: E825 (the models have
/// different numbers of logits), E588 (stopped), and the other faults of ForwardPass.
Result<bool> logits_agree(const Plan& plan, const PlanLogitsCheck& check, const std::string& output,
                          const ForwardOptions& options, Diagnostics& diagnostics);

}  // namespace inarch
