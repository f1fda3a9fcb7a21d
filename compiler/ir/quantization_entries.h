#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/ir/graph.h"

namespace inarch {

/// What loaders find under `quantization_config` of a model's config.

/// The method that reads what is encoded here: "fp8", "bitsandbytes" or "compressed-tensors".
std::string_view method_of(const Storage& storage);
/// An entry for tensors that are stored so, without modules to skip. Block sizes of FP8 are
/// theirs when they are FP8, else the usual ones.
Value make_quantization_entry(const Storage& storage, std::string_view dtype);
/// True when an entry of the same method says nothing that the storage contradicts.
bool entry_fits(const Value& entry, const Storage& storage);
/// True when no other module than those that the entry skips is left unquantised, whatever it is
/// called: heads and routers too.
bool skips_by_list_alone(const Value& entry);

/// Adds modules to those that the method leaves unquantised. A list that begins with them has the
/// head too, which loaders leave out only while there is no list. False when the method has none.
bool skip_modules(Value& entry, const std::vector<std::string>& modules);
/// Takes modules from those that the method leaves unquantised, where they stand there by name.
void unskip_modules(Value& entry, const std::vector<std::string>& modules);

}  // namespace inarch
