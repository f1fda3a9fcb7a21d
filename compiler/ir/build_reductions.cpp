// Reductions over an axis or a whole tensor, and the selections that need a threshold.

#include <cmath>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

namespace {

Reduction reduction_of(Transform transform) {
  if (transform == Transform::dot) return Reduction::sum;
  return reduction_named(spec(transform).name).value_or(Reduction::norm);
}

void drop_axis(TensorType& type, const AxisPosition& at, bool keep) {
  std::vector<Axis>& axes = type.dims[at.dim].axes;
  if (keep) {
    axes[at.axis].size = 1;
    return;
  }
  axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(at.axis));
  if (axes.empty()) type.dims.erase(type.dims.begin() + static_cast<std::ptrdiff_t>(at.dim));
}

}  // namespace

std::optional<Typed> TensorBuilder::reduction(const TensorExpr& call,
                                              const CallArguments& arguments,
                                              const std::vector<Typed>& xs) {
  const auto keep = arguments.boolean("keep", false);
  const auto name = arguments.text("axis", "");
  if (!keep || !name) return std::nullopt;
  for (const Typed& x : xs) {
    if (!computable(x, call)) return std::nullopt;
  }
  Typed x = xs[0], y = xs.back();
  if (xs.size() == 2 && !align(call, x, y)) return std::nullopt;
  std::optional<AxisPosition> at;
  if (arguments.has("axis")) {
    at = axis(x, *name, arguments.span("axis"));
    if (!at) return std::nullopt;
  }
  if ((at ? at->size : x.type.elements()) == 0) {
    fault(call, "E303", fmt::format("an empty axis has no {}", spec(call.transform).name),
          arguments.has("axis") ? arguments.span("axis") : call.transform_span);
    return std::nullopt;
  }
  if (xs.size() == 1) return reduce(reduction_of(call.transform), x, at, *keep, call.span);
  auto type = joint_type(call, {x, y});
  if (!type) return std::nullopt;
  const Typed products = add(ProductOp{}, {x.node, y.node}, std::move(*type), call.span);
  auto dot = reduce(Reduction::sum, products, at, *keep, call.span);
  if (!dot || call.transform == Transform::dot) return dot;
  const auto left = reduce(Reduction::norm, x, at, *keep, call.span);
  const auto right = reduce(Reduction::norm, y, at, *keep, call.span);
  const Typed norms = add(ProductOp{}, {left->node, right->node}, dot->type, call.span);
  return add(QuotientOp{}, {dot->node, norms.node}, dot->type, call.span);
}

std::optional<Typed> TensorBuilder::reduce(Reduction reduction, const Typed& x,
                                           const std::optional<AxisPosition>& at, bool keep,
                                           Span origin) {
  TensorType type = x.type;
  if (at) {
    drop_axis(type, *at, keep);
    return add(ReduceOp{reduction, at->outer, at->size, at->inner}, {x.node}, std::move(type),
               origin);
  }
  if (!keep) type.dims.clear();
  for (Dim& dim : type.dims) {
    for (Axis& axis : dim.axes) axis.size = 1;
  }
  return add(ReduceOp{reduction, 1, x.type.elements(), 1}, {x.node}, std::move(type), origin);
}

/// How many of `size` values are kept.
std::optional<std::int64_t> TensorBuilder::how_many(const TensorExpr& call,
                                                    const CallArguments& arguments,
                                                    std::int64_t size) {
  const bool counted = arguments.has("count");
  if (counted == arguments.has("fraction")) {
    fault(call, "E304",
          fmt::format("'{}' needs a fraction or a count{}", spec(call.transform).name,
                      counted ? ", not both" : ""),
          call.transform_span, "keep_largest: 0.2");
    return std::nullopt;
  }
  if (counted) {
    const auto count = arguments.integer("count", 0);
    if (!count) return std::nullopt;
    if (*count >= 0 && *count <= size) return count;
    fault(call, "E303", fmt::format("there are {} values, and 'count' is {}", size, *count),
          arguments.span("count"));
    return std::nullopt;
  }
  const auto fraction = arguments.number("fraction", 1);
  if (!fraction) return std::nullopt;
  if (*fraction >= 0 && *fraction <= 1)
    return static_cast<std::int64_t>(std::floor(*fraction * static_cast<double>(size)));
  fault(call, "E304", fmt::format("a fraction lies between 0 and 1, not {}", *fraction),
        arguments.span("fraction"));
  return std::nullopt;
}

/// The groups must lie one after another, so an inner axis comes to the front and goes back.
std::optional<Typed> TensorBuilder::largest(const TensorExpr& call, const CallArguments& arguments,
                                            const Typed& x) {
  if (!computable(x, call)) return std::nullopt;
  const auto name = arguments.text("each", "");
  if (!name) return std::nullopt;
  AxisPosition at;
  at.inner = x.type.elements();
  if (arguments.has("each")) {
    const auto found = axis(x, *name, arguments.span("each"));
    if (!found) return std::nullopt;
    at = *found;
  }
  const std::int64_t size = at.outer * at.inner;
  const auto keep = how_many(call, arguments, size);
  if (!keep) return std::nullopt;
  const LargestOp op{at.size, size, *keep, call.transform == Transform::largest_mask};
  if (x.type.elements() == 0) return x;
  if (at.outer == 1) return add(op, {x.node}, x.type, call.span);
  const Typed front =
      add(ViewOp{0, {{at.size, at.inner}, {at.outer, at.size * at.inner}, {at.inner, 1}}}, {x.node},
          x.type, call.span);
  const Typed kept = add(op, {front.node}, x.type, call.span);
  return add(ViewOp{0, {{at.outer, at.inner}, {at.size, at.outer * at.inner}, {at.inner, 1}}},
             {kept.node}, x.type, call.span);
}

}  // namespace inarch
