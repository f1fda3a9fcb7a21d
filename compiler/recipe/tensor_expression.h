#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/transforms.h"
#include "compiler/recipe/name_pattern.h"
#include "compiler/recipe/yaml_tree.h"

namespace inarch {

struct TensorExpr;
using TensorExprPtr = std::shared_ptr<const TensorExpr>;

/// The value of a transform's parameter before it is known: a scalar expression, a template, or a
/// list of them.
struct ArgumentValue {
  ExprPtr expression;            // set for plain text where a number is due
  std::optional<Template> text;  // set for words, quoted text and `${…}`
  std::vector<ArgumentValue> list;
  bool is_list = false;
  Span span;
};

struct Argument {
  std::string name;  // a parameter of the transform, or an axis
  Span name_span;
  bool is_axis = false;
  ArgumentValue value;
};

/// An expression over tensors: a reference to one, a named one, or a transform of others. `apply`
/// pipelines, `combine`, `init` and the one-line form `a:x | tile(rows=2)` all become this.
struct TensorExpr {
  enum class Kind { reference, name, call, number, operation };
  Kind kind = Kind::reference;
  Span span;

  // reference: source[index]:pattern; the source "out" is the recipe's own output
  std::string source;
  Span source_span;
  std::optional<NamePattern> index;  // of a list of sources: "3", "{e}", "{e + 1}"
  NamePattern pattern;

  std::string name;    // name: an operand or a probe of the rule or check, else a number's name;
                       // operation: its sign, of + - * / (two inputs, or one after -)
  ExprPtr expression;  // number: a literal or `${…}`
  bool is_repeated = false;  // name: of an operand that stands for any number of tensors

  // call
  Transform transform = Transform::view;
  Span transform_span;
  std::vector<TensorExprPtr> inputs;
  std::vector<Argument> arguments;
};

/// Reads the one-line form:
///   matmul(out:${layer}.{i}.o_proj.weight, v | view("(head d)", d=256) | tile(d=2))
///   a:{name...} + share * (b:{name} - a:{name})
/// `|` binds least, then + and -, then * and /. A tensor's name ends at a space.
/// Faults: E121 (syntax), E122 (unknown transform), E123 (unknown parameter), E124 (wrong number of
/// operands).
TensorExprPtr parse_tensor_expression(std::string_view text, Span span, Diagnostics& diagnostics);

/// A call with its arguments checked against the transform's row of the table; shared by both
/// forms. Adds E123–E125 and gives nothing when something is wrong.
TensorExprPtr make_call(Transform transform, Span transform_span, std::vector<TensorExprPtr> inputs,
                        std::vector<Argument> arguments, Span span, Diagnostics& diagnostics);

/// Reads a parameter's value from plain text as its kind asks: words for choices and patterns, else
/// an expression.
std::optional<ArgumentValue> parse_argument(std::string_view text, bool quoted, ParamKind kind,
                                            const Parameter* parameter, Span span,
                                            Diagnostics& diagnostics);

}  // namespace inarch
