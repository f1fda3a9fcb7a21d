#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/core/catalog.h"
#include "runtime/io/header_faults.h"

namespace inarch {

/// The entries of a header's JSON in the order of the text, each checked by itself: fields, dtype,
/// shape, and bytes against the `data_size` bytes that follow the header. `offset` counts from the
/// start of that data. Entries with faults are left out.
std::vector<TensorInfo> read_header_json(std::string_view json, std::int64_t data_size,
                                         HeaderFaults& faults);

}  // namespace inarch
