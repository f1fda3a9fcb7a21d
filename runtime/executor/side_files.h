#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "compiler/support/result.h"
#include "runtime/executor/manifest.h"

namespace inarch {

/// Writes the plan's text files and carries its other files over into `directory`, replacing what
/// an interrupted run left there. E718 when a carried file is not what the plan says.
Result<std::vector<Manifest::SideFile>> write_side_files(const Plan& plan,
                                                         const std::string& directory);

/// SHA-256 of a file of any size, read in portions.
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace inarch
