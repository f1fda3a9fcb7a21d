#pragma once

#include <map>
#include <optional>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// What an output's block is evaluated in.
struct OutputContext {
  const BoundRecipe& bound;
  const Scope& scope;  // the globals, and the variables of a list's `for`
  const BindOptions& options;
};

/// An output's config: what `from` or `file` gives, less `remove`, with `set` over it, and its
/// dtype entries following the output's dtype. Nothing when the recipe has none, or on a fault.
std::optional<Value> bind_config(const ConfigDecl& declaration, std::optional<DType> dtype,
                                 const OutputContext& context, Diagnostics& diagnostics);

/// Evaluates YAML values with templates in them. A template is parsed once, however often the value
/// that it belongs to is evaluated, so nodes must outlive this.
class NodeEvaluator {
 public:
  std::optional<Value> evaluate(const YamlNode& node, const Scope& scope, Diagnostics& diagnostics);

 private:
  std::optional<Value> evaluate_text(const YamlNode& node, const Scope& scope,
                                     Diagnostics& diagnostics);

  std::map<const YamlNode*, Template> parsed_;
};

/// A YAML value with its templates evaluated, once.
std::optional<Value> evaluate_node(const YamlNode& node, const Scope& scope,
                                   Diagnostics& diagnostics);

/// The index of a source, "text" or "experts[0]"; E202 when there is none of this name.
std::optional<std::uint32_t> find_source(const std::string& name, Span span,
                                         const BoundRecipe& bound, Diagnostics& diagnostics);
/// Likewise, of the source that a template names.
std::optional<std::uint32_t> bind_source_name(const Template& name, const Scope& scope,
                                              const BoundRecipe& bound, Diagnostics& diagnostics);

}  // namespace inarch
