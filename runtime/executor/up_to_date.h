#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace inarch {

/// The output digest of the checkpoint at `target` when this very plan built it from sources in
/// this very state and its files have their sizes; nothing otherwise. Content is not read (verify()
/// does).
std::optional<std::string> up_to_date_digest(const std::string& target, const Plan& plan,
                                             const std::string& plan_digest,
                                             const std::vector<std::vector<FileIdentity>>& sources);

}  // namespace inarch
