#include "runtime/io/key_store.h"

#include <algorithm>
#include <numeric>

namespace inarch {

void KeyStore::add(std::string_view key) {
  text_ += key;
  ends_.push_back(static_cast<std::uint32_t>(text_.size()));
}

std::optional<std::string> KeyStore::find_duplicate() const {
  std::vector<std::uint32_t> order(ends_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return at(a) < at(b); });
  const auto twice = std::adjacent_find(
      order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return at(a) == at(b); });
  if (twice == order.end()) return std::nullopt;
  return std::string(at(*twice));
}

std::string_view KeyStore::at(std::uint32_t i) const {
  const std::uint32_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(text_).substr(begin, ends_[i] - begin);
}

}  // namespace inarch
