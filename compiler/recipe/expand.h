#pragma once

#include <vector>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// What an expansion of a rule or check looks at.
struct ExpandContext {
  const BoundRecipe* bound = nullptr;
  const KnownNames* definitions = nullptr;           // null while they are not known
  const std::vector<KnownNames>* outputs = nullptr;  // likewise; by output
  const std::vector<std::vector<bool>>* taken =
      nullptr;  // by source and tensor: skip these (`rest: true`)
  const std::vector<std::vector<bool>>* excepted = nullptr;  // likewise: those of `except`
};

/// What is to be expanded: the ranges, the condition, and all references of the rule or check.
struct ExpandRequest {
  const std::vector<ForRange>* ranges = nullptr;
  ExprPtr where;
  Span where_span;
  Span span;
  std::vector<const TensorExpr*> references;
  std::vector<const NamedOperand*> repeated;  // operands with ranges of their own
  bool may_be_empty = false;                  // a condition that nothing meets is no surprise

  /// Adds the operand's references, or the operand itself where it is repeated.
  void add(const NamedOperand& operand);
};

/// All instances: ranges first, then references in an order in which their expressions can be
/// evaluated; captures join. Names that must exist and do not are E204, a first pattern that fits
/// nothing E203, a condition that excludes everything W201. All that one reference misses is one
/// error.
std::vector<Instance> expand(const ExpandRequest& request, const ExpandContext& context,
                             Diagnostics& diagnostics);

/// What a reference to an output or a definition may be followed by, where that is known.
std::vector<const KnownNames*> names_of(const TensorExpr& reference, const ExpandContext& context);

/// Every reference in an expression, in order of reading.
void collect_references(const TensorExpr& expression, std::vector<const TensorExpr*>& references);

/// A scope that sees `bindings` and then `parent`, as long as they are there.
Scope scope_of(const Bindings& bindings, const Scope& parent);

/// The values of a range, as a list; E207 when it is none.
std::optional<Value::List> range_values(const ForRange& range, const Scope& scope,
                                        Diagnostics& diagnostics);

/// Adds what one value of a range gives its variables; false, and E207, when it does not fit them.
bool bind_variables(const ForRange& range, const Value& value, Bindings& bindings,
                    Diagnostics& diagnostics);

/// A parameter's value; nothing on a fault, which is added.
std::optional<Value> evaluate_argument(const ArgumentValue& value, const Scope& scope,
                                       Diagnostics& diagnostics);

}  // namespace inarch
