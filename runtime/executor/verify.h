#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/support/diagnostic.h"
#include "runtime/executor/progress.h"

namespace inarch {

struct VerifyOptions {
  int jobs = 1;
  std::int64_t memory = std::int64_t{1} << 30;  // bytes, for models whose logits are compared
  const std::atomic<bool>* stop = nullptr;
};

struct VerifyReport {
  bool complete = false;     // false when it was stopped or could not begin
  std::int64_t tensors = 0;  // whose bytes were hashed
  std::int64_t bytes = 0;
  std::int64_t checks_run = 0;
  std::vector<std::string> checks_skipped;  // descriptions, when sources are gone or have changed
  std::string output_digest;
};

/// Compares a built checkpoint with its manifest: headers, bytes of every tensor, other files; then
/// runs the recipe's checks again, as far as their sources are still there. All that differs is
/// reported: E810 (no usable manifest), E811 to E814 (tensor, file), E800 and E801 (checks).
VerifyReport verify(const std::string& output, const VerifyOptions& options, Progress& progress,
                    Diagnostics& diagnostics);

}  // namespace inarch
