#include "compiler/architecture/respell.h"

#include <map>
#include <optional>
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

}  // namespace

std::vector<ArchTensor> respelled(std::vector<ArchTensor> tensors, const SpellingRules& rules) {
  NameTree tree;
  for (std::size_t i = 0; i < tensors.size(); ++i) tree.add(tensors[i].name, i);
  std::map<std::string, std::string, std::less<>> new_names;
  for (const SpellingRules::Rewrite& rewrite : rules.rewrites) {
    for (const NameTree::Match& match : matches(tree, rewrite.usual)) {
      const std::string& usual = tensors[match.index].name;
      if (new_names.contains(usual)) continue;
      if (auto name = instantiate(rewrite.other, match.captures)) {
        new_names.emplace(usual, std::move(*name));
      }
    }
  }
  const auto rename = [&](std::string& name) {
    const auto entry = new_names.find(name);
    if (entry != new_names.end()) name = entry->second;
  };
  for (ArchTensor& tensor : tensors) {
    rename(tensor.name);
    rename(tensor.tied_to);
  }
  return tensors;
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
