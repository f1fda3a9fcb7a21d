#include "compiler/compile/bind_target.h"

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

}  // namespace

std::optional<Target> bind_target(const BoundRecipe& bound, const BindOptions& options,
                                  SourceMap& sources, Diagnostics& diagnostics) {
  if (!bound.recipe->target) return std::nullopt;
  const TargetDecl& declaration = *bound.recipe->target;
  const auto name = evaluate(declaration.architecture, *bound.globals, diagnostics);
  if (!name) return std::nullopt;
  if (!bound.config) {
    diagnostics.add(error("E505", "a target needs the output's config: shapes follow from it")
                        .at(declaration.span)
                        .hint("output: { config: { from: SOURCE } }"));
    return std::nullopt;
  }
  Target target;
  target.family = find_architecture(to_text(*name), declaration, options, sources, diagnostics);
  if (!target.family) return std::nullopt;
  target.architecture = target.family->name();
  target.strict = declaration.strict;
  target.span = declaration.span;
  auto tensors = target.family->expand(*bound.config, diagnostics, declaration.span);
  if (tensors && declaration.spelling) {
    const auto spelling = evaluate(*declaration.spelling, *bound.globals, diagnostics);
    if (!spelling) return std::nullopt;
    target.spelling = to_text(*spelling);
    tensors = target.family->respell(std::move(*tensors), target.spelling, diagnostics,
                                     declaration.spelling->span);
  }
  if (!tensors) return std::nullopt;
  target.tensors = std::move(*tensors);
  for (std::size_t k = 0; k < target.tensors.size(); ++k)
    target.by_name.emplace(target.tensors[k].name, k);
  return target;
}

}  // namespace inarch
