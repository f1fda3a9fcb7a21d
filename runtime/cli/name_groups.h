#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace inarch {

/// How many ranges at one place tables show.
inline constexpr std::size_t shown_ranges = 6;

/// Names that differ only in whole segments that are numbers, such that every combination of
/// `numbers` is there: `model.layers.{0..25}.mlp.up_proj.weight`.
struct NameGroup {
  std::vector<std::string> literals;               // one more than `numbers`
  std::vector<std::vector<std::int64_t>> numbers;  // sorted
  std::vector<std::size_t> members;                // positions, in natural order of the names

  /// The name with ranges in place of numbers, unescaped. More than `most_ranges` ranges at one
  /// place are cut in the middle; 0 writes them all.
  std::string text(std::size_t most_ranges = 0) const;
  /// What tells the member of this name from the others: "17", or "3.255" for two numbers; "" in a
  /// group of one.
  std::string tell_apart(const std::string& name) const;
};

/// Groups names whose `kinds` are equal (say, "bf16 [1152]"); both are parallel. Groups come in the
/// natural order of their first names, and every name is in exactly one.
std::vector<NameGroup> group_names(const std::vector<std::string>& names,
                                   const std::vector<std::string>& kinds);

/// Every name by itself, in natural order.
std::vector<NameGroup> single_names(const std::vector<std::string>& names);

}  // namespace inarch
