#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace inarch {

/// `edges` are (before, after). The order keeps to the numbering where edges leave a choice.
/// Nothing when there is a cycle; its members are then in `cycle`, in order.
std::optional<std::vector<std::size_t>> topological_order(
    std::size_t count, const std::vector<std::pair<std::size_t, std::size_t>>& edges,
    std::vector<std::size_t>& cycle);

}  // namespace inarch
