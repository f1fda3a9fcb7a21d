#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/plan/plan.h"

namespace inarch {

/// All elements of a program, op by op in doubles, straight from the definitions in ops.h. `read`
/// yields the values of a ReadOp. Random numbers are not part of it.
std::vector<double> evaluate_slowly(const Program& program,
                                    const std::function<std::vector<double>(const Op&)>& read);

}  // namespace inarch
