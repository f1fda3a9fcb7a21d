#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// Names as a tree of their segments, in which what repeats is there once: siblings that are
/// numbers, and below which everything is alike, are one node.
struct OutlineNode {
  std::string label;                  // "self_attn", or several segments; "" for numbers
  std::vector<std::int64_t> numbers;  // of those that are alike, ascending; else none
  std::vector<OutlineNode> children;
  /// Of a name that ends here: the positions of all names that it stands for. They are in the
  /// order of the numbers above it, the outermost the slowest.
  std::vector<std::uint32_t> members;

  bool is_leaf() const { return !members.empty(); }
};

/// `kinds` is parallel to `names`; only names of equal kinds are alike. Siblings are in natural
/// order, and every name is a member of exactly one leaf.
std::vector<OutlineNode> make_outline(const std::vector<std::string_view>& names,
                                      const std::vector<std::uint32_t>& kinds);

/// "0–17", "0–4, 6–10", or with more than `most` ranges "0, 6, …, 60".
std::string number_ranges(const std::vector<std::int64_t>& numbers, std::size_t most = 4);

}  // namespace inarch
