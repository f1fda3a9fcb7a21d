#pragma once

#include <cstddef>
#include <cstdint>

#include "compiler/core/dtype.h"

namespace inarch {

/// Writes `n` stored elements of `dtype`, all `value`. Types without arithmetic take whole numbers
/// that they can hold, or 0 (check_plan sees to it). Elements are 1, 2, 4 or 8 bytes.
void fill_stored(DType dtype, double value, std::int64_t n, std::byte* target);

}  // namespace inarch
