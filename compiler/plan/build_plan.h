#pragma once

#include <string>

#include "compiler/passes/module.h"
#include "compiler/plan/plan.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// The plan of a module that has been through all passes: shards with their headers, steps with
/// their programs, checks, small files, totals and memory. Deterministic.
Plan build_plan(const Module& module, const SourceMap& sources);

/// E601 when no run can keep to `budget` bytes; names the step that needs most.
Status fit_budget(const Plan& plan, std::int64_t budget);

}  // namespace inarch
