#include "compiler/architecture/usual_spelling.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/architecture/recognise.h"
#include "compiler/architecture/respell.h"

namespace inarch {

namespace {

const SpellingRules* rules_of(const Recognised& found) {
  for (const SpellingRules& rules : found.architecture.file().spellings) {
    if (rules.name == found.spelling) return &rules;
  }
  return nullptr;
}

/// What a part of a stored tensor is, or nothing where it does not fit into it.
std::optional<TensorInfo> cut(const TensorInfo& stored, const ArchTensor& usual,
                              const StoredPlace& place) {
  TensorInfo part = stored;
  part.name = usual.name;
  if (!place.is_part) return part;
  const std::int64_t count = numel(usual.shape);
  const bool whole_bytes = bits(stored.dtype) % 8 == 0;
  if (stored.is_encoded() || !whole_bytes || place.first + count > stored.elements())
    return std::nullopt;
  part.shape = usual.shape;
  part.offset = stored.offset + place.first * bytes(stored.dtype);
  part.bytes = count * bytes(stored.dtype);
  return part;
}

}  // namespace

Result<std::shared_ptr<const Checkpoint>> in_usual_spelling(
    std::shared_ptr<const Checkpoint> checkpoint) {
  SourceMap sources;
  const auto found = recognise(*checkpoint, sources);
  if (!found) return error("E224", "no architecture is known that has its tensors");
  const SpellingRules* rules = rules_of(*found);
  if (rules == nullptr) return checkpoint;
  Diagnostics faults;
  const auto usual = found->architecture.expand(checkpoint->config, faults);
  if (!usual) return faults.list().front();
  const std::vector<StoredPlace> places = stored_places(*usual, *rules);
  auto renamed = std::make_shared<Checkpoint>(*checkpoint);
  renamed->tensors.clear();
  std::set<const TensorInfo*> replaced;
  std::set<const TensorInfo*> kept;  // parts of what cannot be cut
  for (std::size_t i = 0; i < places.size(); ++i) {
    const TensorInfo* stored = checkpoint->find(places[i].name);
    if (stored == nullptr) continue;
    auto part = cut(*stored, (*usual)[i], places[i]);
    (part ? replaced : kept).insert(stored);
    if (part) renamed->tensors.push_back(std::move(*part));
  }
  for (const TensorInfo& tensor : checkpoint->tensors) {
    if (replaced.count(&tensor) == 0 || kept.count(&tensor) != 0)
      renamed->tensors.push_back(tensor);
  }
  std::stable_sort(renamed->tensors.begin(), renamed->tensors.end(),
                   [](const TensorInfo& a, const TensorInfo& b) {
                     return std::pair(a.file, a.offset) < std::pair(b.file, b.offset);
                   });
  renamed->build_index();
  return std::shared_ptr<const Checkpoint>(std::move(renamed));
}

}  // namespace inarch
