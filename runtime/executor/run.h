#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/plan/memory_model.h"
#include "compiler/plan/plan.h"
#include "compiler/support/diagnostic.h"
#include "runtime/executor/manifest.h"
#include "runtime/executor/progress.h"

namespace inarch {

struct RunOptions {
  std::string output;                           // the target directory
  int jobs = 1;                                 // workers, at least 1
  std::int64_t memory = std::int64_t{1} << 30;  // budget in bytes, process and all
  bool force = false;                           // replace another target that exists
  const std::atomic<bool>* stop = nullptr;      // set by a signal handler: stop soon, keep the work
  Cut cut;                                      // for tests
};

enum class Outcome : std::uint8_t {
  done,
  up_to_date,   // the target is what this very plan built from these very sources; nothing was done
  rejected,     // the plan, its sources, the budget or a check said no: exit code 1
  failed,       // reading, writing or the process failed: exit code 2
  busy,         // another run works on the same target: exit code 75
  interrupted,  // `stop` was set; the work is kept and the same run resumes
};

struct RunReport {
  Outcome outcome = Outcome::failed;
  std::int64_t bytes_read = 0;      // from sources, copies included
  std::int64_t bytes_copied = 0;    // written without being computed with
  std::int64_t bytes_computed = 0;  // written by compute steps
  std::int64_t bytes_resumed = 0;   // found finished and verified, not written again
  std::int64_t bytes_written = 0;   // all files of the target, resumed ones included
  double seconds = 0;
  std::int64_t peak_memory = 0;   // most that the process has held (VmHWM)
  std::int64_t peak_tracked = 0;  // most scratch and materialised operands at once
  std::string output_digest;  // 32 hex digits over names, types, shapes and content of all tensors
  std::string plan_digest;
  std::vector<Manifest::Factors> factors;  // of matrices that were factored
};

/// Builds the checkpoint of `plan` in options.output: absent, what it was, or complete at any
/// moment, with the same bytes for any jobs, memory and history of interrupted runs. What it finds
/// wrong goes to `diagnostics` (E601, E612 to E614, E7xx, E800, E801).
///
/// Sources must have the sizes and headers that the plan states; times and inodes may differ from
/// the plan's, since plans travel, but not change while the run (or the runs that it resumes)
/// lasts. Text and metadata of the plan are kept in memory by the caller; memory for the rest is as
/// planned_peak() says.
RunReport run(const Plan& plan, const RunOptions& options, Progress& progress,
              Diagnostics& diagnostics);

/// The most resident memory this process has had, in bytes; 0 where the system does not say.
std::int64_t peak_resident_bytes();

}  // namespace inarch
