#include "compiler/tokenize/byte_trie.h"

namespace inarch {

void ByteTrie::add(std::string_view text, std::int64_t number) {
  std::uint32_t node = 0;
  for (const char byte : text) {
    const auto fresh = static_cast<std::uint32_t>(numbers_.size());
    const auto [child, is_new] = children_.try_emplace(key(node, byte), fresh);
    if (is_new) numbers_.push_back(-1);
    node = child->second;
  }
  if (node != 0 && numbers_[node] < 0) numbers_[node] = number;
}

}  // namespace inarch
