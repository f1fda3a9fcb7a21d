#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// The keys of an object, one after another in one text: there may be millions in a hostile file.
class KeyStore {
 public:
  void add(std::string_view key);
  /// A key that was added more than once, the least by bytes.
  std::optional<std::string> find_duplicate() const;

 private:
  std::string_view at(std::uint32_t i) const;
  std::string text_;
  std::vector<std::uint32_t> ends_;
};

}  // namespace inarch
