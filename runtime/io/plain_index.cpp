#include "runtime/io/plain_index.h"

#include <map>
#include <utility>

#include "runtime/io/plain_json.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {

namespace {

class PlainIndex {
 public:
  explicit PlainIndex(std::string_view json) : json_(json) {
    constexpr std::size_t usual_entry_bytes = 96;
    index_.entries.reserve(json.size() / usual_entry_bytes);
  }

  bool read() {
    if (!json_.take('{')) return false;
    do {
      const auto section = json_.key();
      if (!section) return false;
      const bool is_map = *section == "weight_map";
      if (!is_map && *section != "metadata") return false;
      if (std::exchange(is_map ? has_map_ : has_metadata_, true)) return false;
      if (!(is_map ? read_map() : read_metadata())) return false;
    } while (json_.take(','));
    return json_.take('}') && json_.at_end() && has_map_;
  }

  WeightIndex take() { return std::move(index_); }

 private:
  bool read_metadata() {
    if (!json_.take('{')) return false;
    do {
      const auto key = json_.key();
      const auto number = key ? json_.integer() : std::nullopt;
      if (!number) return false;
      if (*key == "total_size") index_.total_size = *number;
    } while (json_.take(','));
    return json_.take('}');
  }

  bool read_map() {
    if (!json_.take('{')) return false;
    do {
      const auto tensor = json_.key();
      const auto shard = tensor ? json_.text() : std::nullopt;
      if (!shard || tensor->size() > max_tensor_name_bytes) return false;
      index_.entries.push_back({std::string(*tensor), number_of(*shard)});
    } while (json_.take(','));
    return json_.take('}');
  }

  /// Neighbours are mostly in one shard.
  std::uint32_t number_of(std::string_view shard) {
    const std::uint32_t last = index_.entries.empty() ? 0 : index_.entries.back().shard;
    if (!index_.shards.empty() && index_.shards[last] == shard) return last;
    const auto fresh = static_cast<std::uint32_t>(index_.shards.size());
    const auto [entry, is_new] = numbers_.emplace(shard, fresh);
    if (is_new) index_.shards.emplace_back(shard);
    return entry->second;
  }

  PlainJson json_;
  bool has_map_ = false;
  bool has_metadata_ = false;
  std::map<std::string_view, std::uint32_t> numbers_;  // views into the text
  WeightIndex index_;
};

}  // namespace

std::optional<WeightIndex> read_plain_index(std::string_view json) {
  PlainIndex index(json);
  if (!index.read()) return std::nullopt;
  return index.take();
}

}  // namespace inarch
