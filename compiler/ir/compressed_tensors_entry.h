#pragma once

#include "compiler/core/value.h"
#include "compiler/ir/graph.h"

namespace inarch {

/// The `quantization_config` of compressed-tensors for FP8 weights ("float-quantized"), of which
/// every linear layer is one whose module is not in its list `ignore`.

/// An entry for tensors that are encoded like `storage`, which has a strategy; `ignore` is empty.
Value compressed_tensors_entry(const Storage& storage);

/// True when an entry of compressed-tensors has its linear layers encoded like `storage`, and asks
/// for nothing else of them. Scales may be of any dtype: no entry speaks of it.
bool compressed_tensors_fits(const Value& entry, const Storage& storage);

}  // namespace inarch
