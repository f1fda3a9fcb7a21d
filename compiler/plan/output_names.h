#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "compiler/plan/plan.h"

namespace inarch {

/// Which names the files of an output may have. Plans and manifests come from anywhere, and must
/// not reach outside of it.

/// The part's directory in the name of a file, "" where there is none.
std::string_view directory_of(std::string_view file_name);

/// One component, and none of those that a run keeps for itself.
bool is_plain_name(std::string_view name);

/// What the parts call their directories.
std::set<std::string_view> directories_of(const std::vector<OutputPart>& parts);

/// A plain name, or where an output has parts, one in a directory of them.
bool is_file_name(std::string_view name, const std::set<std::string_view>& directories);

}  // namespace inarch
