// Products of matrices and vectors.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

std::optional<Typed> TensorBuilder::matmul(const TensorExpr& call, const Typed& left,
                                           const Typed& right) {
  if (!computable(left, call) || !computable(right, call)) return std::nullopt;
  const Shape a = left.type.shape(), b = right.type.shape();
  const bool ranks = !a.empty() && a.size() <= 2 && !b.empty() && b.size() <= 2;
  if (!ranks || a.back() != b.front()) {
    fault(call, "E311",
          fmt::format("{} and {} cannot be multiplied", format_shape(a), format_shape(b)),
          call.transform_span, ranks ? "transpose(x) turns a matrix round" : "");
    return std::nullopt;
  }
  MatmulOp op;
  op.m = a.size() == 2 ? a[0] : 1;
  op.k = a.back();
  op.n = b.size() == 2 ? b[1] : 1;
  TensorType type = left.type.chosen ? left.type : right.type;
  type.dims.clear();
  if (a.size() == 2) type.dims.push_back(left.type.dims[0]);
  if (b.size() == 2) type.dims.push_back(right.type.dims[1]);
  return add(op, {left.node, right.node}, std::move(type), call.span);
}

std::optional<Typed> TensorBuilder::outer(const TensorExpr& call, const Typed& left,
                                          const Typed& right) {
  if (!computable(left, call) || !computable(right, call)) return std::nullopt;
  if (left.type.dims.size() != 1 || right.type.dims.size() != 1) {
    fault(call, "E311",
          fmt::format("an outer product is of two vectors, not of {} and {}",
                      format_shape(left.type.shape()), format_shape(right.type.shape())),
          call.transform_span);
    return std::nullopt;
  }
  auto type = joint_type(call, {left, right});
  if (!type) return std::nullopt;
  type->dims = {left.type.dims[0], right.type.dims[0]};
  const std::int64_t m = left.type.elements(), n = right.type.elements();
  if (!checked_numel({m, n})) {
    fault(call, "E315", "the result is too large", call.transform_span);
    return std::nullopt;
  }
  const Typed rows = add(ViewOp{0, {{m, 1}, {n, 0}}}, {left.node}, *type, call.span);
  const Typed columns = add(ViewOp{0, {{m, 0}, {n, 1}}}, {right.node}, *type, call.span);
  return add(ProductOp{}, {rows.node, columns.node}, std::move(*type), call.span);
}

Typed TensorBuilder::transpose(const Typed& x, Span origin) {
  TensorType type = x.type;
  std::reverse(type.dims.begin(), type.dims.end());
  ViewOp op;
  std::int64_t stride = 1;
  for (auto dim = x.type.dims.rbegin(); dim != x.type.dims.rend(); ++dim) {
    // The axes of a dimension stay in their order.
    std::int64_t inner = stride;
    std::vector<ViewDim> dims;
    for (auto axis = dim->axes.rbegin(); axis != dim->axes.rend(); ++axis) {
      dims.push_back({axis->size, inner});
      inner *= axis->size;
    }
    op.dims.insert(op.dims.end(), dims.rbegin(), dims.rend());
    stride = inner;
  }
  return add(std::move(op), {x.node}, std::move(type), origin);
}

/// x − r·(r·x) / (r·r): the length of the direction is divided out once, where it is squared.
std::optional<Typed> TensorBuilder::orthogonalize(const TensorExpr& call,
                                                  const CallArguments& arguments, const Typed& x,
                                                  const Typed& direction) {
  if (!computable(x, call) || !computable(direction, call)) return std::nullopt;
  const auto name = arguments.text("axis", "0");
  if (!name) return std::nullopt;
  const Span axis_span = arguments.has("axis") ? arguments.span("axis") : call.transform_span;
  const auto at = axis(x, *name, axis_span);
  if (!at) return std::nullopt;
  const auto spread = along(call, direction, *at, x, axis_span);
  if (!spread) return std::nullopt;
  auto type = joint_type(call, {x, *spread});
  if (!type) return std::nullopt;
  const Typed parts = add(ProductOp{}, {x.node, spread->node}, *type, call.span);
  const auto shares = reduce(Reduction::sum, parts, at, true, call.span);
  const Typed squares =
      add(ProductOp{}, {direction.node, direction.node}, direction.type, call.span);
  const auto length = reduce(Reduction::sum, squares, std::nullopt, false, call.span);
  const auto lengths = broadcast(*length, *shares, call.span);
  const Typed scaled = add(QuotientOp{}, {shares->node, lengths->node}, shares->type, call.span);
  const Typed repeated = add(ViewOp{0, {{at->outer, at->inner}, {at->size, 0}, {at->inner, 1}}},
                             {scaled.node}, *type, call.span);
  const Typed removed = add(ProductOp{}, {repeated.node, spread->node}, *type, call.span);
  return add(LinearOp{{1, -1}, 0}, {x.node, removed.node}, std::move(*type), call.span);
}

}  // namespace inarch
