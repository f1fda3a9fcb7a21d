#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace inarch {

/// Texts with a number each, found by what another text begins with.
class ByteTrie {
 public:
  /// Of equal texts the first keeps its number.
  void add(std::string_view text, std::int64_t number);

  /// Calls use(length, number) for each that `text` begins with, shortest first.
  template <typename Use>
  void for_each_prefix(std::string_view text, Use use) const {
    std::uint32_t node = 0;
    for (std::size_t k = 0; k < text.size(); ++k) {
      const auto child = children_.find(key(node, text[k]));
      if (child == children_.end()) return;
      node = child->second;
      if (numbers_[node] >= 0) use(k + 1, numbers_[node]);
    }
  }

 private:
  static std::uint64_t key(std::uint32_t node, char byte) {
    return (static_cast<std::uint64_t>(node) << 8U) | static_cast<unsigned char>(byte);
  }

  std::unordered_map<std::uint64_t, std::uint32_t> children_;
  std::vector<std::int64_t> numbers_ = {-1};  // by node
};

}  // namespace inarch
