#include "compiler/compile/compile.h"

#include <chrono>
#include <map>

#include <fmt/format.h>

#include "compiler/compile/bind_target.h"
#include "compiler/ir/build.h"
#include "compiler/ir/describe_adapters.h"
#include "compiler/ir/follow_encodings.h"
#include "compiler/mergekit/lower.h"
#include "compiler/mergekit/reader.h"
#include "compiler/plan/build_plan.h"
#include "compiler/plan/plan_check.h"

namespace inarch {

namespace {

/// What the stages hand on, from the text to the passes.
struct Compilation {
  std::optional<Recipe> recipe;
  std::optional<BoundRecipe> bound;
  Targets targets;
  Module module;
};

/// Runs a stage and notes how long it took.
template <typename F>
auto timed(std::string name, CompileReport& report, F stage) {
  const auto start = std::chrono::steady_clock::now();
  auto result = stage();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  report.timings.push_back({std::move(name), took.count()});
  return result;
}

std::optional<Plan> compile_text(SourceMap& sources, FileId file, const CompileOptions& options,
                                 Diagnostics& diagnostics, CompileReport& report) {
  const auto held = std::make_shared<Compilation>();
  report.remains = held;
  std::optional<Recipe>& recipe = held->recipe;
  std::optional<BoundRecipe>& bound = held->bound;
  Targets& targets = held->targets;
  Module& module = held->module;
  recipe = timed("read", report,
                 [&] { return read_recipe(sources, file, options.bind.read_part, diagnostics); });
  if (!recipe || diagnostics.has_errors()) return std::nullopt;

  bound = timed("bind", report,
                [&] { return bind_recipe(*recipe, options.bind, sources, diagnostics); });
  if (!bound) return std::nullopt;

  targets = timed("target", report,
                  [&] { return bind_targets(*bound, options.bind, sources, diagnostics); });
  if (diagnostics.has_errors()) return std::nullopt;

  module.bound = &*bound;
  auto graph = timed("build", report, [&] { return build_graph(*bound, targets, diagnostics); });
  if (!graph) return std::nullopt;
  module.graph = std::move(*graph);
  module.graph.records.write(*bound, diagnostics);
  describe_adapters(*bound, module.graph, diagnostics);

  const bool consistent = timed("check", report, [&] {
    build_checks(*bound, targets, options.bind.runs_model, module.graph, diagnostics);
    follow_encodings(*bound, module.graph, diagnostics);
    return !diagnostics.has_errors();
  });
  if (!consistent) return std::nullopt;
  if (options.look) {
    options.look(sources, *bound, targets, module.graph);
    return std::nullopt;
  }
  // What was matched has become nodes. A model of 150,000 tensors would hold it for nothing.
  bound->instances = {};
  for (BoundSource& source : bound->sources) source.names = NameTree();

  for (PassTiming& timing : run_passes(module, options.passes, diagnostics))
    report.timings.push_back(std::move(timing));
  if (diagnostics.has_errors()) return std::nullopt;

  Plan plan = timed("plan", report, [&] { return build_plan(module, sources); });
  const Status sound = check_plan(plan, sources.path(file));  // what no run would accept
  if (!sound) diagnostics.add(sound.error());
  if (options.memory > 0) {
    const Status fits = fit_budget(plan, options.memory);
    if (!fits) diagnostics.add(fits.error());
  }

  for (const auto& target : targets)
    report.architectures.push_back(target && target->strict ? target->architecture : "");
  report.rules = recipe->rules.size();
  for (const BoundSource& source : bound->sources) {
    report.source_tensors += source.checkpoint->tensors.size();
    report.checkpoints.push_back(source.checkpoint);
  }
  if (diagnostics.has_errors()) return std::nullopt;
  return plan;
}

/// Opens each checkpoint once, however often it is asked for.
auto opening_once(const BindOptions& options) {
  using Opened = std::map<std::string, std::shared_ptr<const Checkpoint>>;
  return [open = options.open_source, opened = std::make_shared<Opened>()](
             const SourceRequest& request, Diagnostics& diagnostics) {
    const std::string key = fmt::format("{}\n{}\n{}\n{}", request.name, request.is_hub,
                                        request.location, request.revision);
    auto known = opened->find(key);
    if (known == opened->end()) known = opened->emplace(key, open(request, diagnostics)).first;
    return known->second;
  };
}

}  // namespace

std::optional<Plan> compile(SourceMap& sources, FileId file, const CompileOptions& options,
                            Diagnostics& diagnostics, CompileReport& report) {
  if (!is_mergekit(sources, file)) return compile_text(sources, file, options, diagnostics, report);
  CompileOptions own = options;
  own.bind.recipe_directory.clear();  // mergekit's paths start from the current directory
  own.bind.open_source = opening_once(options.bind);
  const auto recipe = timed(
      "import", report, [&] { return lower_mergekit(sources, file, own.bind, "", diagnostics); });
  if (!recipe || diagnostics.has_errors()) return std::nullopt;
  // What looks at the recipe names lines of this text; findings are told of at the configuration's.
  const FileId written = sources.add(
      options.look ? fmt::format("{} as a recipe", sources.path(file)) : sources.path(file),
      recipe->text());
  Diagnostics found;
  auto plan = compile_text(sources, written, own, found, report);
  for (const Diagnostic& d : found.list()) diagnostics.add(recipe->point_back(d, written));
  return plan;
}

}  // namespace inarch
