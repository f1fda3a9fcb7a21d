#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compiler/recipe/bind_config.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// What `record` of rules adds to the configs of outputs: one entry of a mapping for each tensor
/// that a rule makes, collected while they are built. Its expressions know `made`, the shapes of
/// the rule's results.
class Records {
 public:
  /// E205 when the key has an open capture, and faults of the expressions.
  void add(const Rule& rule, const RuleInstance& instance, const Scope& scope,
           Diagnostics& diagnostics);
  /// Writes them into the configs. E165 when an output has no config, when what is recorded into is
  /// no mapping, or when a key would be there twice.
  void write(BoundRecipe& bound, Diagnostics& diagnostics);

 private:
  struct Entry {
    std::string key;
    Value value;
    Span span;
  };
  std::map<std::pair<std::uint32_t, std::string>, std::vector<Entry>> entries_;  // output, path
  NodeEvaluator values_;
};

}  // namespace inarch
