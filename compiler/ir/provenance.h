#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/build.h"
#include "compiler/ir/source_ranges.h"
#include "compiler/ir/tensor_builder.h"

namespace inarch {

/// One operation on the way from sources to a tensor, as the recipe has it.
struct ProvenanceStep {
  std::string operand;              // of a tensor that is read: "a:model.norm.weight"; else ""
  Span span;                        // the transform, operator or reference in the recipe
  std::vector<std::size_t> inputs;  // which steps it takes, in order
  std::vector<TensorType> results;
  std::size_t left_out = 0;  // further tensors of the same operand, which a `for` of its own gives
};

/// How one tensor of an output, or one definition, is made.
struct Provenance {
  const RuleInstance* made_by = nullptr;
  std::string name;                      // with the output's before it, where there are several
  const Output* output = nullptr;        // null for a definition
  std::vector<ProvenanceStep> steps;     // what is read comes before what reads it
  std::vector<std::string> definitions;  // that it reads itself
};

/// Provenance of an instance's result number `result`. Nodes are added to the graph, whose outputs
/// stay as they are. Nothing when the instance cannot be built alone, with the reason added.
std::optional<Provenance> find_provenance(const BoundRecipe& bound, const Targets& targets,
                                          Graph& graph, const RuleInstance& made_by,
                                          std::size_t result, Diagnostics& diagnostics);

/// Why a rule that could make a tensor of this name does not.
enum class Unused { condition, except, rest };

struct UnusedRule {
  const Rule* rule = nullptr;
  Unused why = Unused::condition;
  Bindings bindings;  // with which it would
};

/// Rules other than `maker` whose `to` can be `name` in the output number `output`.
std::vector<UnusedRule> unused_rules(const BoundRecipe& bound, std::uint32_t output,
                                     const std::string& name, const Rule* maker);

/// All that a rule says, from its first known place to its last, in one file.
Span extent_of(const Rule& rule);

}  // namespace inarch
