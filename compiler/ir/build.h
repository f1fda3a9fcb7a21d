#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/architecture/architecture.h"
#include "compiler/architecture/recognise.h"
#include "compiler/core/name_index.h"
#include "compiler/ir/graph.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// What an output must look like, from a target architecture and the output's config.
struct Target {
  std::optional<Architecture> family;
  std::string architecture;  // its name
  std::string spelling;
  bool strict = true;
  Span span;
  std::vector<ArchTensor> tensors;
  NameIndex by_name;                      // of the tensors
  std::vector<ResolvedPattern> accepted;  // names that may be there whatever their shapes

  const ArchTensor* find(std::string_view name) const;
  /// True for a name that fits one of `accepted`.
  bool accepts(std::string_view name) const;
};

/// By output; nothing for one that may hold what it likes.
using Targets = std::vector<std::optional<Target>>;

/// Builds the graph of all outputs, then of all numeric checks. Faults: E211–E214 (names),
/// E301–E319 (types), E501–E506 (target).
std::optional<Graph> build_graph(const BoundRecipe& bound, const Targets& targets,
                                 Diagnostics& diagnostics);

/// Tests the claims that need no values: parameters, tensors, shape, exists, absent, complete,
/// assert (E821–E824), and adds those to the graph that need them. `runs` is asked of models whose
/// logits are to be compared.
void build_checks(const BoundRecipe& bound, const Targets& targets, const RunsModel& runs,
                  Graph& graph, Diagnostics& diagnostics);

/// "model.layers.{0..11}.layer_scalar (12 tensors)": names that differ in one number, together.
std::vector<std::string> summarize_names(const std::vector<std::string>& names);

}  // namespace inarch
