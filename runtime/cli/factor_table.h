#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compiler/core/value.h"
#include "runtime/executor/manifest.h"

namespace inarch {

/// How near the factors of matrices come, in a table: matrices of one kind in a line, with the
/// least, the middle and the greatest relative error ‖W − AB‖ / ‖W‖. "" when nothing was factored.
std::string factor_table(const std::vector<Manifest::Factors>& factors, std::size_t width);

/// The same as [{tensors, shape, rank, exact, relative_error, weighted_error}], each matrix by
/// itself; weighted_error is null where no moments were given.
Value factor_values(const std::vector<Manifest::Factors>& factors);

}  // namespace inarch
