#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

namespace inarch {

/// Finds names among many, by their hashes in order. Not a hash table: crafted names that collide
/// cost n log n and not n squared. It does not hold the names: `name_of(i)` gives the i-th, and
/// must give the same as when the index was made.
class NameIndex {
 public:
  NameIndex() = default;

  template <typename NameOf>
  NameIndex(std::size_t count, NameOf name_of) {
    std::vector<std::size_t> hashes(count);
    for (std::size_t i = 0; i < count; ++i) hashes[i] = hash(name_of(i));
    shift_ = 63 - std::min(24, static_cast<int>(std::bit_width(count)));
    starts_.assign((std::size_t{1} << (64 - shift_)) + 1, 0);
    for (const std::size_t h : hashes) ++starts_[(h >> shift_) + 1];
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
    std::vector<std::uint32_t> next(starts_.begin(), starts_.end() - 1);
    entries_.resize(count);
    for (std::size_t i = 0; i < count; ++i)
      entries_[next[hashes[i] >> shift_]++] = {hashes[i], static_cast<std::uint32_t>(i)};
    for (std::size_t b = 0; b + 1 < starts_.size(); ++b) sort_bucket(b, name_of);
  }

  /// The first with that name.
  template <typename NameOf>
  std::optional<std::uint32_t> find(std::string_view name, NameOf name_of) const {
    if (entries_.empty()) return std::nullopt;
    const std::size_t h = hash(name);
    const auto end = entries_.begin() + starts_[(h >> shift_) + 1];
    const auto found = std::lower_bound(
        entries_.begin() + starts_[h >> shift_], end, h, [&](const Entry& e, std::size_t wanted) {
          return e.hash != wanted ? e.hash < wanted : name_of(e.index) < name;
        });
    if (found == end || found->hash != h || name_of(found->index) != name) return std::nullopt;
    return found->index;
  }

  /// Those whose name an earlier one has, in order.
  template <typename NameOf>
  std::vector<std::uint32_t> repeated(NameOf name_of) const {
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      if (entries_[i].hash == entries_[i - 1].hash &&
          name_of(entries_[i].index) == name_of(entries_[i - 1].index))
        numbers.push_back(entries_[i].index);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

 private:
  struct Entry {
    std::size_t hash = 0;
    std::uint32_t index = 0;
  };

  static std::size_t hash(std::string_view name) { return std::hash<std::string_view>{}(name); }

  template <typename NameOf>
  void sort_bucket(std::size_t bucket, NameOf name_of) {
    if (starts_[bucket + 1] - starts_[bucket] < 2) return;
    std::sort(entries_.begin() + starts_[bucket], entries_.begin() + starts_[bucket + 1],
              [&](const Entry& a, const Entry& b) {
                if (a.hash != b.hash) return a.hash < b.hash;
                const std::string_view left = name_of(a.index), right = name_of(b.index);
                return left != right ? left < right : a.index < b.index;
              });
  }

  int shift_ = 63;
  std::vector<Entry> entries_;         // by hash, then name, then number
  std::vector<std::uint32_t> starts_;  // where the hashes with these first bits begin
};

}  // namespace inarch
