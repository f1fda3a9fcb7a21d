#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "compiler/plan/plan_fields.h"

namespace inarch {

/// Called with each value of the top-level object: items of a list one by one, so that a plan of a
/// hundred thousand tensors is never held as a tree. `index` counts items and is -1 for a value
/// that is no list. Returns false to stop.
using PlanItemHandler =
    std::function<bool(const std::string& key, std::int64_t index, const Json& item)>;

/// Parses a JSON object. Keys that occur twice, depth, bad UTF-8 and anything after the object are
/// faults (E610 where it is no JSON at all, else E611).
void parse_plan_items(std::string_view text, PlanFault& fault, const PlanItemHandler& handler);

}  // namespace inarch
