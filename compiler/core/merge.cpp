#include "compiler/core/merge.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace inarch {

namespace {

constexpr std::array<std::string_view, 13> merge_names = {
    "slerp",        "nuslerp", "multislerp", "karcher", "model_stock", "trim",  "coins",
    "ranked_coins", "vote",    "sce",        "ram",     "nearswap",    "fusion"};

constexpr std::size_t most_merged = 4096;

bool all_finite(const MergeOp& op) {
  const auto finite = [](double x) { return std::isfinite(x); };
  return finite(op.t) && finite(op.density) && finite(op.epsilon) && finite(op.tolerance) &&
         finite(op.r) && finite(op.alpha) &&
         std::all_of(op.weights.begin(), op.weights.end(), finite);
}

}  // namespace

bool is_blend(Merge merge) { return merge <= Merge::model_stock; }

bool is_thinning(Merge merge) {
  return merge == Merge::trim || merge == Merge::coins || merge == Merge::ranked_coins;
}

std::string_view name(Merge merge) { return merge_names[static_cast<std::size_t>(merge)]; }

std::optional<Merge> merge_named(std::string_view name) {
  const auto* found = std::find(merge_names.begin(), merge_names.end(), name);
  if (found == merge_names.end()) return std::nullopt;
  return static_cast<Merge>(found - merge_names.begin());
}

InputRange merge_inputs(Merge merge) {
  switch (merge) {
    case Merge::slerp:
    case Merge::nearswap:
    case Merge::fusion:
      return {2, 2};
    case Merge::nuslerp:
      return {2, 3};
    case Merge::model_stock:
      return {3, most_merged};
    case Merge::trim:
    case Merge::coins:
    case Merge::ranked_coins:
      return {1, 1};
    default:
      return {1, most_merged};
  }
}

std::string find_fault(const MergeOp& op, std::size_t inputs) {
  const InputRange range = merge_inputs(op.merge);
  if (inputs < range.least || inputs > range.most)
    return fmt::format("'{}' of {} inputs", name(op.merge), inputs);
  if (!all_finite(op)) return "a number that is not finite";
  if (op.groups < 0 || op.size < 0) return "a negative size";
  const bool has_rows = op.merge == Merge::ranked_coins || op.merge == Merge::fusion;
  if (has_rows && op.row > std::numeric_limits<std::int32_t>::max()) return "rows too long";
  if (has_rows && (op.row < 1 || op.size % op.row != 0))
    return fmt::format("rows of {} in runs of {}", op.row, op.size);
  if (op.keep < 0 || op.skip < 0 || op.keep > op.size - op.skip)
    return fmt::format("{} of {} elements after {}", op.keep, op.size, op.skip);
  constexpr std::int64_t most_iterations = 1'000'000;
  if (op.iterations < 0 || op.iterations > most_iterations) return "too many iterations";
  if (op.from_base && (!is_blend(op.merge) || op.merge == Merge::slerp || inputs < 2))
    return "a base where there is none";
  const bool weighted = op.merge == Merge::vote || op.merge == Merge::multislerp;
  if (op.weights.size() != (weighted ? inputs - (op.from_base ? 1 : 0) : 0))
    return fmt::format("{} weights for {} inputs", op.weights.size(), inputs);
  if (op.merge == Merge::nuslerp && (inputs == 3) != op.from_base) return "three inputs, no base";
  if (op.merge == Merge::model_stock && !op.from_base) return "no base";
  if (op.density < 0 || op.density > 1) return fmt::format("a density of {}", op.density);
  return {};
}

}  // namespace inarch
