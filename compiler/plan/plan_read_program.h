#pragma once

#include <string>

#include "compiler/plan/plan.h"
#include "compiler/plan/plan_fields.h"

namespace inarch {

/// The ops of a program in a plan file; `where` is its place for messages. Inputs are not checked
/// against the list (check_plan does).
Program read_program(const Json& json, const std::string& where, PlanFault& fault);
DType read_dtype(PlanFields& fields, std::string_view key);

}  // namespace inarch
