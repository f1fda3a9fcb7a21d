#pragma once

#include <optional>
#include <string>
#include <utility>

#include "compiler/ir/build.h"
#include "tests/unit/ir/random_recipe.h"

namespace inarch {

/// A recipe as far as its graph, numeric checks included.
struct Built {
  Attempt attempt;
  std::optional<Graph> graph;

  const Output& output(const std::string& name) const {
    for (const Output& output : graph->outputs) {
      if (output.name == name) return output;
    }
    ADD_FAILURE() << "no output " << name << "\n" << attempt.said();
    return graph->outputs.front();
  }
  /// What the output will hold, stored as its dtype.
  Values values(const std::string& name) const {
    const Output& found = output(name);
    Values values = evaluate_nodes(*graph, made_up_sources(*attempt.bound)).at(found.node);
    for (double& value : values) value = rounded(found.dtype, value);
    return values;
  }
};

/// Takes any model for one that can be run.
inline Result<std::int64_t> runs_anything(const Value& config,
                                          const std::vector<std::vector<std::int64_t>>&) {
  const Value* size = config.find("vocab_size");
  return size && size->if_int() ? *size->if_int() : 0;
}

inline Built build(const World& world, const std::string& text) {
  Built built;
  built.attempt = attempt_binding(world, text);
  if (!built.attempt.bound) return built;
  const Targets none(built.attempt.bound->outputs.size());
  built.graph = build_graph(*built.attempt.bound, none, built.attempt.diagnostics);
  if (built.graph)
    build_checks(*built.attempt.bound, none, runs_anything, *built.graph,
                 built.attempt.diagnostics);
  return built;
}

/// Rules over the source `m`.
inline Built build_rules(const World& world, const std::string& rules) {
  return build(world, "inarch: 1\nsources: { m: m }\n" + rules);
}

}  // namespace inarch
