#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/encoding.h"
#include "compiler/core/value.h"

namespace inarch {

/// What loaders find under `quantization_config` of a model's config.

/// The method that reads tensors encoded here: "fp8" or "bitsandbytes".
std::string_view method_of(const Encoding& encoding);
/// An entry for tensors encoded as `encoding`, without modules to skip. Block sizes of FP8 are
/// those of `encoding` when it is FP8, else the usual ones.
Value make_quantization_entry(const Encoding& encoding, std::string_view dtype);
/// True when an entry of the same method says nothing that `encoding` contradicts.
bool entry_fits(const Value& entry, const Encoding& encoding);

/// Adds modules to those that the method leaves unquantised. A list that begins with them has the
/// head too, which loaders leave out only while there is no list. False when the method has none.
bool skip_modules(Value& entry, const std::vector<std::string>& modules);

}  // namespace inarch
