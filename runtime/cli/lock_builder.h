#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "runtime/cli/source_recorder.h"
#include "runtime/executor/progress.h"
#include "runtime/lock/lock.h"

namespace inarch {

struct LockOptions {
  std::string recipe_directory;
  std::int64_t keep = 0;  // tensors that were read and are no larger are kept whole
  bool digests = true;    // of whole files of weights
  int jobs = 1;
  const std::atomic<bool>* stop = nullptr;
};

/// The lock of what was recorded: headers, samples and digests are taken of the files now. E443 for
/// a tensor that was read and is too large to be kept.
Result<Lock> build_lock(const SourceRecorder& recorder, const LockOptions& options,
                        Progress& progress);

/// A path as seen from the recipe's folder.
std::string from_recipe_folder(const std::string& path, const std::string& recipe_directory);

}  // namespace inarch
