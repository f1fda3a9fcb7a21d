#include "runtime/cli/recipe_graph.h"

#include "runtime/cli/exit_code.h"
#include "runtime/cli/hidden_state_source.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/io/file.h"

namespace inarch {

int look_at_recipe(const std::string& path, const Arguments& arguments, Console& console,
                   const std::function<void(RecipeGraph)>& look) {
  auto options = compile_options(arguments, path, console);
  if (!options) return exit_failed;
  options->bind.open_states = describe_states;
  options->look = [&](const SourceMap& texts, const BoundRecipe& bound, const Targets& targets,
                      Graph& graph) {
    look({texts, bound, targets, graph});
  };
  SourceMap sources;
  Diagnostics diagnostics;
  auto text = read_small_file(path, recipe_limit);
  if (!text.ok()) {
    diagnostics.add(text.error());
  } else {
    CompileReport report;
    compile(sources, sources.add(path, std::move(*text)), *options, diagnostics, report);
  }
  diagnostics.sort_by_place();
  console.report(diagnostics, sources);
  return exit_code_for(diagnostics);
}

}  // namespace inarch
