#pragma once

#include <string_view>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"

namespace inarch {

/// The values of a small tensor as nested lists: integers, booleans, and reals for all types of
/// floating point. E168 when its dtype has no such values, one of them is not finite, or the file
/// holds headers alone.
Result<Value> tensor_values(const Checkpoint& checkpoint, const TensorInfo& tensor);

/// The same of bytes that are known.
Result<Value> values_of_bytes(const Checkpoint& checkpoint, const TensorInfo& tensor,
                              std::string_view stored);

}  // namespace inarch
