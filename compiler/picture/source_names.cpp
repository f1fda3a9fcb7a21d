#include "compiler/picture/source_names.h"

#include <algorithm>
#include <tuple>

namespace inarch {

SourceNames::SourceNames(const std::vector<std::shared_ptr<const Checkpoint>>& checkpoints) {
  for (const auto& checkpoint : checkpoints) {
    std::vector<Place>& places = places_.emplace_back();
    if (!checkpoint) continue;
    const auto add = [&](const TensorInfo& tensor, std::string_view whole) {
      places.push_back(
          {tensor.file, tensor.offset, tensor.offset + tensor.bytes, {tensor.name, whole}});
    };
    places.reserve(checkpoint->tensors.size());
    for (const TensorInfo& tensor : checkpoint->tensors) {
      if (!tensor.is_encoded()) {
        add(tensor, tensor.name);
        continue;
      }
      for (const TensorInfo& part :
           checkpoint->encoded[static_cast<std::size_t>(tensor.encoded)].parts)
        add(part, tensor.name);
    }
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
      return std::tie(a.file, a.begin, a.end) < std::tie(b.file, b.begin, b.end);
    });
  }
}

SourceNames::Found SourceNames::find(std::uint32_t source, std::uint32_t file,
                                     std::int64_t offset) const {
  if (source >= places_.size()) return {};
  const std::vector<Place>& places = places_[source];
  auto after = std::upper_bound(
      places.begin(), places.end(), std::pair(file, offset),
      [](const auto& key, const Place& place) { return key < std::pair(place.file, place.begin); });
  if (after == places.begin()) return {};
  const Place& place = *--after;
  const bool holds = place.file == file && (offset < place.end || offset == place.begin);
  return holds ? place.found : Found{};
}

}  // namespace inarch
