#pragma once

#include <cstdint>

#include "compiler/plan/plan.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// E601: the budget is below what `plan` needs; names what needs the most.
Diagnostic over_budget(const Plan& plan, std::int64_t budget, std::int64_t least);

/// True when some step multiplies matrices, so that results may differ between processors.
bool has_products(const Plan& plan);

}  // namespace inarch
