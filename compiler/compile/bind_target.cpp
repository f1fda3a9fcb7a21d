#include "compiler/compile/bind_target.h"

#include <fmt/format.h>

#include "compiler/recipe/expand.h"

namespace inarch {

namespace {

std::optional<Architecture> find_architecture(const std::string& name,
                                              const TargetDecl& declaration,
                                              const BindOptions& options, SourceMap& sources,
                                              Diagnostics& diagnostics) {
  if (!is_architecture_path(name))
    return load_architecture(name, sources, diagnostics, declaration.span);
  const bool relative = name[0] != '/' && !options.recipe_directory.empty();
  const std::string path = relative ? options.recipe_directory + "/" + name : name;
  auto text = options.read_text(path);
  if (!text.ok()) {
    diagnostics.add(error("E504", "cannot read the architecture: " + text.error().message)
                        .at(declaration.span));
    return std::nullopt;
  }
  return read_architecture(sources, sources.add(path, std::move(*text)), diagnostics);
}

std::optional<Target> bind_target(const TargetDecl& declaration, const BoundOutput& output,
                                  const Scope& scope, const BindOptions& options,
                                  SourceMap& sources, Diagnostics& diagnostics) {
  const auto name = evaluate(declaration.architecture, scope, diagnostics);
  if (!name) return std::nullopt;
  if (!output.config) {
    const bool only = output.name.empty();
    diagnostics.add(
        error("E505", only
                          ? std::string("a target needs the output's config: shapes follow from it")
                          : fmt::format("a target needs the config of '{}': shapes follow from it",
                                        output.name))
            .at(declaration.span)
            .hint(only ? "output: { config: { from: SOURCE } }" : "config: { from: SOURCE }"));
    return std::nullopt;
  }
  Target target;
  target.family = find_architecture(to_text(*name), declaration, options, sources, diagnostics);
  if (!target.family) return std::nullopt;
  target.architecture = target.family->name();
  target.strict = declaration.strict;
  target.span = declaration.span;
  auto tensors = target.family->expand(*output.config, diagnostics, declaration.span);
  if (tensors && declaration.spelling) {
    const auto spelling = evaluate(*declaration.spelling, scope, diagnostics);
    if (!spelling) return std::nullopt;
    target.spelling = to_text(*spelling);
    tensors = target.family->respell(std::move(*tensors), target.spelling, diagnostics,
                                     declaration.spelling->span);
  }
  if (!tensors) return std::nullopt;
  target.tensors = std::move(*tensors);
  const auto& all = target.tensors;
  target.by_name =
      NameIndex(all.size(), [&](std::size_t k) -> std::string_view { return all[k].name; });
  target.accepted = accepted_names(*target.family, target.spelling);
  return target;
}

}  // namespace

Targets bind_targets(const BoundRecipe& bound, const BindOptions& options, SourceMap& sources,
                     Diagnostics& diagnostics) {
  Targets targets;
  for (const BoundOutput& output : bound.outputs) {
    const auto& declaration =
        output.declaration->target ? output.declaration->target : bound.recipe->target;
    const Scope scope = scope_of(output.bindings, *bound.globals);
    const std::size_t before = diagnostics.errors();
    targets.push_back(declaration
                          ? bind_target(*declaration, output, scope, options, sources, diagnostics)
                          : std::nullopt);
    if (diagnostics.errors() != before) break;  // the next entry of a list would say it again
  }
  return targets;
}

}  // namespace inarch
