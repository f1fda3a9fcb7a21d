#pragma once

#include <optional>
#include <vector>

#include "runtime/cli/command.h"
#include "runtime/forward/forward_pass.h"

namespace inarch {

/// What the commands that run a model are given: MODEL, --tokens, --jobs, --memory, --rounding.
struct ForwardRequest {
  ForwardPass pass;
  std::vector<TokenSequence> sequences;
  ForwardOptions options;
};

/// Reads them and opens the model. Faults are reported; `code` is then the exit code.
std::optional<ForwardRequest> read_forward_request(const Arguments& arguments, Console& console,
                                                   int& code);

/// Reports a fault; the exit code for it.
int report_fault(Console& console, const Diagnostic& fault);

}  // namespace inarch
