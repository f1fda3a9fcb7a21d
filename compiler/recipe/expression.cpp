#include "compiler/recipe/expression.h"

#include "compiler/recipe/expression_evaluator.h"

namespace inarch {

std::optional<Value> evaluate(const Expr& expression, const Scope& scope, Diagnostics& diagnostics,
                              DecisionTrace* trace) {
  ExpressionEvaluator evaluator(diagnostics, trace);  // which may lend what it holds
  auto held = evaluator.evaluate(expression, scope);
  if (!held) return std::nullopt;
  return std::move(*held).take();
}

void report_null(const Expr& expression, const Scope& scope, std::string_view use,
                 Diagnostics& diagnostics) {
  ExpressionEvaluator(diagnostics).report_null(expression, scope, use);
}

}  // namespace inarch
