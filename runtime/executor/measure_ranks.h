#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "compiler/plan/plan.h"
#include "compiler/support/diagnostic.h"
#include "runtime/executor/progress.h"
#include "runtime/executor/run.h"

namespace inarch {

/// True when a plan has factors whose rank is still to be measured: it states the most there may
/// be.
bool has_open_ranks(const Plan& plan);

/// Factors each such matrix at the highest rank that it may have and finds the least that does what
/// is asked of it. By the factors' keys, for BindOptions::measured_ranks; nothing on a fault, or
/// when `options.stop` was set. Uses jobs, memory and cut of the options, and writes nothing.
std::optional<std::map<std::string, std::int64_t>> measure_ranks(const Plan& plan,
                                                                 const RunOptions& options,
                                                                 Progress& progress,
                                                                 Diagnostics& diagnostics);

}  // namespace inarch
