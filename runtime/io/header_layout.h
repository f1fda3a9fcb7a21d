#pragma once

#include <cstdint>
#include <vector>

#include "compiler/core/catalog.h"
#include "runtime/io/header_faults.h"

namespace inarch {

/// Adds a fault (E405) for every name that occurs more than once.
void check_names(const std::vector<TensorInfo>& tensors, HeaderFaults& faults);

/// Sorts by offset and adds a fault when the tensors do not tile [0, data_size) exactly: overlap
/// (E411), hole (E412), trailing bytes (E413).
void check_layout(std::vector<TensorInfo>& tensors, std::int64_t data_size, HeaderFaults& faults);

}  // namespace inarch
