#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan/plan.h"
#include "compiler/support/result.h"

namespace inarch {

/// The plan as a file ("inarch/plan/1", docs/plan-format.md): JSON with one source, tensor and step
/// per line. The same plan gives the same bytes; numbers read back as they were.
std::string write_plan(const Plan& plan);

/// Reads what write_plan wrote, or what a hand made of it. Nothing in the file is trusted: a plan
/// that comes back has passed check_plan(). Errors: E610 (no plan of a known version), E611 (wrong
/// structure), E612 to E614 (check_plan). `path` is the subject of messages.
Result<Plan> read_plan(std::string_view text, const std::string& path);

/// SHA-256 of write_plan(plan), as 64 hex digits, made without holding the text.
std::string plan_digest(const Plan& plan);

/// The checks of a plan as a JSON array, and back: manifests keep them so that they can be run
/// again. Structure is validated here (E611); indices are not (check_programs does).
std::string write_checks(const std::vector<PlanCheck>& checks);
Result<std::vector<PlanCheck>> read_checks(std::string_view text, const std::string& path);
std::string write_checks(const std::vector<PlanLogitsCheck>& checks);
Result<std::vector<PlanLogitsCheck>> read_logits_checks(std::string_view text,
                                                        const std::string& path);

}  // namespace inarch
