#pragma once

#include <vector>

#include "compiler/recipe/recipe.h"

namespace inarch {

/// The parts of rules and checks that are read alike. All add what they find to `diagnostics`.

/// `for: { i: 0 .. layers, p: [q, k] }`
std::vector<ForRange> read_ranges(const YamlNode* node, Diagnostics& diagnostics);
/// A parameter's value as YAML gives it: a scalar or a list.
std::optional<ArgumentValue> read_argument_value(const YamlNode& node, ParamKind kind,
                                                 const Parameter* parameter,
                                                 Diagnostics& diagnostics);
/// `{ tile: { d: 2 } }`, `ones`, `{ view: "(head d) in", d: 256 }`: a transform of `inputs`.
TensorExprPtr read_transform(const YamlNode& node, std::vector<TensorExprPtr> inputs,
                             Diagnostics& diagnostics);
/// `from`'s and `with`'s operands. `m[*]:name` is one operand for each entry of the list m.
std::vector<NamedOperand> read_operands(const YamlNode& node,
                                        const std::vector<SourceDecl>& sources,
                                        Diagnostics& diagnostics);

std::optional<Rule> read_rule(const YamlNode& node, const std::vector<SourceDecl>& sources,
                              Diagnostics& diagnostics);
/// An entry of `define`: the name, with captures, and a rule without `to`, or one operand.
std::optional<Rule> read_definition(const YamlNode& name, const YamlNode& body,
                                    const std::vector<SourceDecl>& sources,
                                    Diagnostics& diagnostics);

}  // namespace inarch
