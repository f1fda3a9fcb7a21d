#pragma once

#include <atomic>
#include <string>

#include "compiler/plan/plan.h"
#include "runtime/executor/progress.h"
#include "runtime/lock/lock.h"

namespace inarch {

struct ContentOptions {
  std::string recipe;  // for messages
  bool whole = false;  // read all of the files, where otherwise samples say enough
  int jobs = 1;
  const std::atomic<bool>* stop = nullptr;
};

/// Holds the weights that a plan reads against a lock: E442 for the first file with another
/// content, E443 when whole files are asked for and the lock has no digest of one. Stopped, it
/// says nothing.
Status check_contents(const Plan& plan, const Lock& lock, const ContentOptions& options,
                      Progress& progress);

}  // namespace inarch
