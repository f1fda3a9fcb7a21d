#include <algorithm>
#include <map>

#include "compiler/architecture/architecture_file.h"
#include "compiler/architecture/recognise.h"
#include "compiler/architecture/respell.h"

namespace inarch {

namespace {

void compare_pair(const ArchTensor& expected, const TensorInfo& found, Comparison& result) {
  const Comparison::Pair pair{&expected, &found};
  if (expected.legacy) {
    result.ignored.push_back(pair);
  } else if (!expected.tied_to.empty()) {
    result.tied.push_back(pair);
  } else if (expected.shape != found.shape) {
    result.wrong_shape.push_back(pair);
  } else if (expected.dtype && *expected.dtype != found.dtype) {
    result.wrong_dtype.push_back(pair);
  } else {
    ++result.matched;
  }
}

std::vector<NamePattern> accepted_patterns(const ArchitectureFile& file,
                                           std::string_view spelling) {
  std::vector<NamePattern> patterns = file.accept;
  for (const SpellingRules& rules : file.spellings) {
    if (rules.name != spelling) continue;
    patterns.insert(patterns.end(), rules.accept.begin(), rules.accept.end());
  }
  return patterns;
}

}  // namespace

std::vector<ResolvedPattern> accepted_names(const Architecture& architecture,
                                            std::string_view spelling) {
  std::vector<ResolvedPattern> names;
  Diagnostics none;  // the patterns of an architecture file have no expressions
  for (const NamePattern& pattern : accepted_patterns(architecture.file(), spelling)) {
    if (auto resolved = resolve(pattern, Scope(), none)) names.push_back(std::move(*resolved));
  }
  return names;
}

Comparison compare(const Architecture& architecture, std::string_view spelling,
                   const std::vector<ArchTensor>& expected, const std::vector<TensorInfo>& found) {
  std::map<std::string_view, const TensorInfo*> left;
  for (const TensorInfo& tensor : found) left.emplace(tensor.name, &tensor);
  Comparison result;
  for (const ArchTensor& tensor : expected) {
    const auto entry = left.find(tensor.name);
    if (entry == left.end()) {
      if (tensor.required()) result.missing.push_back(&tensor);
      continue;
    }
    compare_pair(tensor, *entry->second, result);
    left.erase(entry);
  }
  std::vector<const TensorInfo*> rest;
  std::vector<std::string_view> names;
  for (const TensorInfo& tensor : found) {
    if (!left.contains(tensor.name)) continue;
    rest.push_back(&tensor);
    names.push_back(tensor.name);
  }
  std::vector<bool> accepted(names.size());
  const NameSet set(names);
  for (const NamePattern& pattern : accepted_patterns(architecture.file(), spelling)) {
    set.mark(pattern, accepted);
  }
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (accepted[i]) {
      ++result.accepted;
    } else {
      result.unexpected.push_back(rest[i]);
    }
  }
  return result;
}

}  // namespace inarch
