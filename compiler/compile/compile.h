#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ir/build.h"
#include "compiler/passes/pipeline.h"
#include "compiler/plan/plan.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

struct CompileOptions {
  BindOptions bind;
  PassOptions passes;
  std::int64_t memory = 0;  // the budget in bytes; 0 states none
  /// Where somebody asks what a recipe means: gets the checked graph, to which it may add, in place
  /// of the passes, and there is no plan.
  std::function<void(const SourceMap&, const BoundRecipe&, const Targets&, Graph&)> look;
};

/// What there is to tell beside the plan.
struct CompileReport {
  std::vector<PassTiming> timings;         // stages and passes, in order
  std::vector<std::string> architectures;  // by output: the strict target's, or ""
  std::size_t rules = 0;
  std::size_t source_tensors = 0;
  /// Sources that are known from a lock alone: their names, and where they would be.
  std::vector<std::pair<std::string, std::string>> absent;
  /// By source of the plan: its names and shapes.
  std::vector<std::shared_ptr<const Checkpoint>> checkpoints;
  /// What the compilation held. Taking the graph of a huge model apart is a tenth of a `check`, and
  /// a process that ends next can leave it to the system.
  std::shared_ptr<void> remains;
};

/// Recipe to plan. No weight is read but those that `data` names as tables. Everything found wrong
/// is in `diagnostics`; a stage collects all it can, and the next begins only when it found no
/// error.
std::optional<Plan> compile(SourceMap& sources, FileId recipe, const CompileOptions& options,
                            Diagnostics& diagnostics, CompileReport& report);

}  // namespace inarch
