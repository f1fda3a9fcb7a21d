#include "compiler/architecture/respell.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace inarch {

namespace {

// The patterns of an architecture file have no expressions, so that nothing here can fail.
std::vector<NameTree::Match> matches(const NameTree& names, const NamePattern& pattern) {
  Diagnostics none;
  const auto resolved = resolve(pattern, Scope(), none);
  return resolved ? names.match(*resolved) : std::vector<NameTree::Match>();
}

std::optional<std::string> instantiate(const NamePattern& pattern, const Captures& captures) {
  Scope scope;
  for (const auto& [name, text] : captures) scope.set(name, text);
  Diagnostics none;
  const auto resolved = resolve(pattern, scope, none);
  return resolved ? resolved->exact() : std::nullopt;
}

using Indices = std::vector<std::size_t>;

// [N, a + b, …] of N tensors [a, …] and N tensors [b, …]; nothing where they do not fit together.
std::optional<Shape> fused_shape(const std::vector<ArchTensor>& tensors,
                                 const std::vector<Indices>& parts) {
  if (parts[0].empty() || tensors[parts[0][0]].shape.empty()) return std::nullopt;
  Shape fused = tensors[parts[0][0]].shape;
  fused[0] = 0;
  for (const Indices& part : parts) {
    if (part.size() != parts[0].size()) return std::nullopt;
    const Shape& first = tensors[part[0]].shape;
    const bool alike = std::all_of(part.begin(), part.end(),
                                   [&](std::size_t i) { return tensors[i].shape == first; });
    if (!alike || first.size() != fused.size() ||
        !std::equal(first.begin() + 1, first.end(), fused.begin() + 1)) {
      return std::nullopt;
    }
    fused[0] += first[0];
  }
  fused.insert(fused.begin(), static_cast<std::int64_t>(parts[0].size()));
  return checked_numel(fused) ? std::optional(fused) : std::nullopt;
}

/// What becomes of each tensor: it stays, is replaced by a fused one, or has gone into one.
class Fusing {
 public:
  explicit Fusing(const std::vector<ArchTensor>& tensors)
      : tensors_(tensors), part_(tensors.size()), fused_(tensors.size()) {}

  /// True when it made something.
  bool apply(const SpellingRules::Fusion& fusion, const NameTree& tree) {
    std::map<std::string, std::vector<Indices>> groups;
    for (std::size_t p = 0; p < fusion.parts.size(); ++p) {
      for (const NameTree::Match& match : matches(tree, fusion.parts[p])) {
        const auto name = instantiate(fusion.to, match.captures);
        if (!name || part_[match.index]) continue;
        groups.try_emplace(*name, fusion.parts.size()).first->second[p].push_back(match.index);
      }
    }
    bool any = false;
    for (const auto& [name, parts] : groups) any = fuse(name, parts) || any;
    return any;
  }

  bool is_part(std::size_t i) const { return part_[i]; }
  /// The tensor that part i has gone into, and the element of it at which the part begins.
  const std::pair<std::string, std::int64_t>& place_of(std::size_t i) const {
    return places_.at(i);
  }
  const std::optional<ArchTensor>& fused_at(std::size_t i) const { return fused_[i]; }

 private:
  bool fuse(const std::string& name, const std::vector<Indices>& parts) {
    const auto shape = fused_shape(tensors_, parts);
    if (!shape) return false;
    std::size_t first = tensors_.size();
    const std::int64_t each = numel(*shape) / (*shape)[0];
    std::int64_t before = 0;  // elements of the parts before, in each entry of the stack
    for (const Indices& part : parts) {
      for (std::size_t n = 0; n < part.size(); ++n) {
        const std::size_t i = part[n];
        part_[i] = true;
        first = std::min(first, i);
        places_[i] = {name, static_cast<std::int64_t>(n) * each + before};
      }
      before += numel(tensors_[part.front()].shape);
    }
    ArchTensor fused = tensors_[first];
    fused.name = name;
    fused.shape = *shape;
    fused_[first] = std::move(fused);
    return true;
  }

  const std::vector<ArchTensor>& tensors_;
  std::vector<bool> part_;
  std::vector<std::optional<ArchTensor>> fused_;  // in the place of its first part
  std::map<std::size_t, std::pair<std::string, std::int64_t>> places_;  // by part
};

}  // namespace

namespace {

/// Tensors that have been fused, and the new names of those that have not.
class Respelling {
 public:
  Respelling(const std::vector<ArchTensor>& tensors, const SpellingRules& rules,
             std::set<const NamePattern*>* used)
      : fusing_(tensors) {
    const auto note = [&](const NamePattern& rule) {
      if (used) used->insert(&rule);
    };
    NameTree tree;
    for (std::size_t i = 0; i < tensors.size(); ++i) tree.add(tensors[i].name, i);
    for (const SpellingRules::Fusion& fusion : rules.fusions) {
      if (fusing_.apply(fusion, tree)) note(fusion.to);
    }
    for (const SpellingRules::Rewrite& rewrite : rules.rewrites) {
      for (const NameTree::Match& match : matches(tree, rewrite.usual)) {
        const std::string& usual = tensors[match.index].name;
        if (new_names_.contains(usual)) continue;
        if (!fusing_.is_part(match.index)) note(rewrite.usual);
        if (auto name = instantiate(rewrite.other, match.captures)) {
          new_names_.emplace(usual, std::move(*name));
        }
      }
    }
  }

  const Fusing& fusing() const { return fusing_; }
  void rename(std::string& name) const {
    const auto entry = new_names_.find(name);
    if (entry != new_names_.end()) name = entry->second;
  }

 private:
  Fusing fusing_;
  std::map<std::string, std::string, std::less<>> new_names_;
};

}  // namespace

std::vector<ArchTensor> respelled(const std::vector<ArchTensor>& tensors,
                                  const SpellingRules& rules, std::set<const NamePattern*>* used) {
  const Respelling respelling(tensors, rules, used);
  const Fusing& fusing = respelling.fusing();
  std::vector<ArchTensor> result;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (fusing.fused_at(i)) result.push_back(*fusing.fused_at(i));
    if (fusing.is_part(i)) continue;
    result.push_back(tensors[i]);
    respelling.rename(result.back().name);
    respelling.rename(result.back().tied_to);
  }
  return result;
}

std::vector<StoredPlace> stored_places(const std::vector<ArchTensor>& tensors,
                                       const SpellingRules& rules) {
  const Respelling respelling(tensors, rules, nullptr);
  std::vector<StoredPlace> places;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    StoredPlace& place = places.emplace_back();
    if (respelling.fusing().is_part(i)) {
      std::tie(place.name, place.first) = respelling.fusing().place_of(i);
      place.is_part = true;
    } else {
      place.name = tensors[i].name;
      respelling.rename(place.name);
    }
  }
  return places;
}

NameSet::NameSet(const std::vector<std::string_view>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) tree_.add(names[i], i);
}

bool NameSet::mark(const NamePattern& pattern, std::vector<bool>& marks) const {
  const std::vector<NameTree::Match> found = matches(tree_, pattern);
  for (const NameTree::Match& match : found) marks[match.index] = true;
  return !found.empty();
}

}  // namespace inarch
