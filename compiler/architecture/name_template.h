#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/recipe/expression.h"

namespace inarch {

/// A tensor name of an architecture file: `{root}.layers.{i}.mlp.{gate,up}_proj.weight`. `{…}` is
/// an expression, or alternatives when it has a comma.
struct NameTemplate {
  struct Part {
    std::string text;                       // literal
    std::vector<std::string> alternatives;  // of which each gives a name
    ExprPtr expression;
  };
  std::vector<Part> parts;
  Span span;
};

/// Faults: E513 (a brace that does not close or holds nothing), and those of expressions.
std::optional<NameTemplate> parse_name_template(std::string_view text, Span span,
                                                Diagnostics& diagnostics);

/// All names that the template stands for, the rightmost alternatives varying fastest.
std::optional<std::vector<std::string>> fill(const NameTemplate& name, const Scope& scope,
                                             Diagnostics& diagnostics,
                                             DecisionTrace* trace = nullptr);

}  // namespace inarch
