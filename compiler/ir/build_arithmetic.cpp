// Operators on tensors and numbers, and the rules by which a smaller tensor is repeated to fit.

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::vector<Axis> axes_of(const TensorType& type) {
  std::vector<Axis> axes;
  for (const Dim& dim : type.dims) axes.insert(axes.end(), dim.axes.begin(), dim.axes.end());
  return axes;
}

/// Strides of row-major axes.
std::vector<std::int64_t> strides_of(const std::vector<Axis>& axes) {
  std::vector<std::int64_t> strides(axes.size(), 1);
  for (std::size_t k = axes.size(); k-- > 1;) strides[k - 1] = strides[k] * axes[k].size;
  return strides;
}

/// By axis of `like`: which axis of x runs along it; -1 where x is repeated. Nothing when x does
/// not fit: all its axes must have names that `like` has too, or it has as many axes as `like`,
/// each as long or of one entry.
std::optional<std::vector<int>> fitting_axes(const std::vector<Axis>& x,
                                             const std::vector<Axis>& like) {
  std::vector<int> along(like.size(), -1);
  bool by_name = true;
  for (std::size_t k = 0; k < x.size() && by_name; ++k) {
    std::size_t at = 0;
    while (at < like.size() && (x[k].name.empty() || like[at].name != x[k].name)) ++at;
    by_name = at < like.size() && like[at].size == x[k].size;
    if (by_name) along[at] = static_cast<int>(k);
  }
  if (by_name) return along;
  if (x.size() != like.size()) return std::nullopt;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (x[k].size != like[k].size && x[k].size != 1) return std::nullopt;
    along[k] = x[k].size == 1 ? -1 : static_cast<int>(k);
  }
  return along;
}

double apply(char sign, double left, double right) {
  switch (sign) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      return left / right;
  }
}

}  // namespace

std::optional<Typed> TensorBuilder::broadcast(const Typed& x, const Typed& like, Span origin) {
  if (x.type.shape() == like.type.shape()) return x;
  TensorType type = like.type;
  type.dtype = x.type.dtype;
  type.chosen = x.type.chosen;
  if (x.type.dims.empty())
    return add(ViewOp{0, {{like.type.elements(), 0}}}, {x.node}, std::move(type), origin);
  const std::vector<Axis> mine = axes_of(x.type), theirs = axes_of(like.type);
  const auto along = fitting_axes(mine, theirs);
  if (!along) return std::nullopt;
  const std::vector<std::int64_t> strides = strides_of(mine);
  ViewOp op;
  for (std::size_t k = 0; k < theirs.size(); ++k) {
    const int axis = (*along)[k];
    op.dims.push_back({theirs[k].size, axis < 0 ? 0 : strides[static_cast<std::size_t>(axis)]});
  }
  return add(std::move(op), {x.node}, std::move(type), origin);
}

bool TensorBuilder::align(const TensorExpr& call, Typed& x, Typed& y) {
  if (auto fitted = broadcast(y, x, call.span)) {
    y = std::move(*fitted);
    return true;
  }
  if (auto fitted = broadcast(x, y, call.span)) {
    x = std::move(*fitted);
    return true;
  }
  const bool vector = x.type.dims.size() == 1 || y.type.dims.size() == 1;
  fault(call, "E305",
        fmt::format("{} and {} do not fit each other", format_shape(x.type.shape()),
                    format_shape(y.type.shape())),
        call.transform_span,
        vector ? "multiply(x, v, columns) scales along one axis; a reduction with keep=true fits "
                 "what it came from"
               : vocabulary_hint({x, y}));
  return false;
}

/// A vector repeated so that it lies along one axis of `like`.
std::optional<Typed> TensorBuilder::along(const TensorExpr& call, const Typed& x,
                                          const AxisPosition& at, const Typed& like,
                                          Span axis_span) {
  if (x.type.elements() != at.size) {
    fault(call, "E305",
          fmt::format("the axis has {} entries, and the vector is {}", at.size,
                      format_shape(x.type.shape())),
          axis_span);
    return std::nullopt;
  }
  TensorType type = like.type;
  type.dtype = x.type.dtype;
  type.chosen = x.type.chosen;
  return add(ViewOp{0, {{at.outer, 0}, {at.size, 1}, {at.inner, 0}}}, {x.node}, std::move(type),
             call.span);
}

/// multiply and divide
std::optional<Typed> TensorBuilder::product(const TensorExpr& call, const CallArguments& arguments,
                                            const std::vector<Typed>& xs) {
  Typed x = xs[0], by = xs[1];
  if (!computable(x, call) || !computable(by, call)) return std::nullopt;
  if (arguments.has("axis")) {
    const auto name = arguments.text("axis", "");
    const auto at = name ? axis(x, *name, arguments.span("axis")) : std::nullopt;
    auto fitted = at ? along(call, by, *at, x, arguments.span("axis")) : std::nullopt;
    if (!fitted) return std::nullopt;
    by = std::move(*fitted);
  } else if (by.type.elements() == 1) {
    by = add(ViewOp{0, {{x.type.elements(), 0}}}, {by.node}, x.type, call.span);
  } else if (!align(call, x, by)) {
    return std::nullopt;
  }
  auto type = joint_type(call, {x, by});
  if (!type) return std::nullopt;
  NodeData data = ProductOp{};
  if (call.transform == Transform::divide) data = QuotientOp{};
  return add(std::move(data), {x.node, by.node}, std::move(*type), call.span);
}

/// What an expression of numbers and tensors comes to, which must be a tensor.
std::vector<Typed> TensorBuilder::arithmetic(const TensorExpr& expression) {
  auto result = quantity(expression);
  if (!result) return {};
  if (auto* tensor = std::get_if<Typed>(&*result)) return {std::move(*tensor)};
  fault(expression, "E316", "this is a number, where a tensor is due", expression.span,
        "constant(0.5, shape=[4]) makes a tensor of it");
  return {};
}

std::optional<std::pair<Typed, Typed>> TensorBuilder::build_pair(const TensorExpr& value,
                                                                 const TensorExpr& limit) {
  const auto left = quantity(value);
  const auto right = left ? quantity(limit) : std::nullopt;
  if (!right) return std::nullopt;
  const auto* x = std::get_if<Typed>(&*left);
  const auto* y = std::get_if<Typed>(&*right);
  if (!x && !y) {
    fault(value, "E316", "these are two numbers, where one must be a tensor", value.span,
          "assert: compares numbers");
    return std::nullopt;
  }
  if (!computable(x ? *x : *y, x ? value : limit)) return std::nullopt;
  auto other = x ? fitted(limit, *right, *x) : fitted(value, *left, *y);
  if (!other) return std::nullopt;
  return x ? std::pair(*x, std::move(*other)) : std::pair(std::move(*other), *y);
}

std::optional<Typed> TensorBuilder::fitted(const TensorExpr& expression, const Quantity& x,
                                           const Typed& like) {
  if (const auto* number = std::get_if<double>(&x))
    return add(FillOp{*number}, {}, like.type, expression.span);
  const Typed& tensor = std::get<Typed>(x);
  if (!computable(tensor, expression)) return std::nullopt;
  auto repeated = broadcast(tensor, like, expression.span);
  if (!repeated) {
    fault(expression, "E305",
          fmt::format("{} does not fit {}", format_shape(tensor.type.shape()),
                      format_shape(like.type.shape())),
          expression.span);
  }
  return repeated;
}

std::optional<Quantity> TensorBuilder::quantity(const TensorExpr& expression) {
  if (expression.kind == TensorExpr::Kind::operation) return operation(expression);
  const bool named = expression.kind == TensorExpr::Kind::name && names_number(expression);
  if (named || expression.kind == TensorExpr::Kind::number) {
    const auto number = number_named(expression);
    return number ? std::optional<Quantity>(*number) : std::nullopt;
  }
  auto tensor = build_one(expression);
  return tensor ? std::optional<Quantity>(std::move(*tensor)) : std::nullopt;
}

std::optional<double> TensorBuilder::number_named(const TensorExpr& expression) {
  const auto value = evaluate(*expression.expression, scope_, diagnostics_);
  if (!value) return std::nullopt;
  if (value->is_number()) return value->as_real();
  fault(expression, "E316",
        fmt::format("an operand is a tensor or a number, not {}", value->kind()), expression.span);
  return std::nullopt;
}

std::optional<Quantity> TensorBuilder::operation(const TensorExpr& e) {
  const auto first = quantity(*e.inputs[0]);
  if (!first) return std::nullopt;
  if (e.inputs.size() == 1) {
    if (const auto* number = std::get_if<double>(&*first)) return Quantity(-*number);
    const Typed& x = std::get<Typed>(*first);
    if (!computable(x, e)) return std::nullopt;
    return Quantity(affine(x, -1, 0, e.span));
  }
  const auto second = quantity(*e.inputs[1]);
  if (!second) return std::nullopt;
  const auto* a = std::get_if<double>(&*first);
  const auto* b = std::get_if<double>(&*second);
  if (b && *b == 0 && e.name == "/") {
    fault(e, "E152", "division by zero", e.transform_span);
    return std::nullopt;
  }
  if (a && b) return Quantity(apply(e.name[0], *a, *b));
  auto result = a || b ? with_number(e, *first, *second)
                       : combined(e, std::get<Typed>(*first), std::get<Typed>(*second));
  if (!result) return std::nullopt;
  return Quantity(std::move(*result));
}

std::optional<Typed> TensorBuilder::with_number(const TensorExpr& e, const Quantity& left,
                                                const Quantity& right) {
  const bool number_first = std::holds_alternative<double>(left);
  const double number = std::get<double>(number_first ? left : right);
  const Typed& x = std::get<Typed>(number_first ? right : left);
  if (!computable(x, e)) return std::nullopt;
  switch (e.name[0]) {
    case '+':
      return affine(x, 1, number, e.span);
    case '-':
      return number_first ? affine(x, -1, number, e.span) : affine(x, 1, -number, e.span);
    case '*':
      return affine(x, number, 0, e.span);
    default:
      break;
  }
  if (!number_first) return affine(x, 1 / number, 0, e.span);
  const Typed dividend = add(FillOp{number}, {}, x.type, e.span);
  return add(QuotientOp{}, {dividend.node, x.node}, x.type, e.span);
}

std::optional<Typed> TensorBuilder::combined(const TensorExpr& e, const Typed& left,
                                             const Typed& right) {
  Typed x = left, y = right;
  if (!computable(x, e) || !computable(y, e) || !align(e, x, y)) return std::nullopt;
  if (!same_vocabularies(e, {left, right})) return std::nullopt;
  auto type = joint_type(e, {x, y});
  if (!type) return std::nullopt;
  NodeData data;
  switch (e.name[0]) {
    case '+':
      data = LinearOp{{1, 1}, 0};
      break;
    case '-':
      data = LinearOp{{1, -1}, 0};
      break;
    case '*':
      data = ProductOp{};
      break;
    default:
      data = QuotientOp{};
      break;
  }
  return add(std::move(data), {x.node, y.node}, std::move(*type), e.span);
}

}  // namespace inarch
