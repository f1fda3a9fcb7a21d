#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

bool can_hold(DType dtype, double value) {
  if (is_arithmetic(dtype) || value == 0) return true;
  const bool is_unsigned = dtype == DType::boolean || dtype == DType::u8 || dtype == DType::u16 ||
                           dtype == DType::u32 || dtype == DType::u64;
  const bool is_signed =
      dtype == DType::i8 || dtype == DType::i16 || dtype == DType::i32 || dtype == DType::i64;
  if (!is_unsigned && !is_signed) return false;
  // Doubles hold whole numbers to 2^53, which is as far as a fill of 64 bits goes.
  const int digits = dtype == DType::boolean ? 1 : bits(dtype) - (is_signed ? 1 : 0);
  const double high = digits > 53 ? 0x1p53 : std::ldexp(1.0, digits) - 1;
  const double low = is_unsigned ? 0 : digits > 53 ? -0x1p53 : -high - 1;
  return value >= low && value <= high && std::trunc(value) == value;
}

bool can_be_stored_as(const Graph& graph, NodeId root, DType dtype) {
  std::vector<NodeId> pending = {root};
  std::set<NodeId> seen;
  while (!pending.empty()) {
    const NodeId id = pending.back();
    pending.pop_back();
    if (!seen.insert(id).second) continue;
    const Node& node = graph[id];
    const auto* fill = std::get_if<FillOp>(&node.data);
    const bool moves = std::holds_alternative<ViewOp>(node.data) ||
                       std::holds_alternative<ConcatOp>(node.data) ||
                       std::holds_alternative<TakeOp>(node.data);
    if (fill ? !can_hold(dtype, fill->value) : !moves) return false;
    pending.insert(pending.end(), node.inputs.begin(), node.inputs.end());
  }
  return true;
}

std::optional<Typed> TensorBuilder::pointwise(const TensorExpr& call,
                                              const CallArguments& arguments, const Typed& x) {
  if (!computable(x, call)) return std::nullopt;
  switch (call.transform) {
    case Transform::rescale: {
      const auto by = arguments.number("by", 1);
      return by ? std::optional(affine(x, *by, 0, call.span)) : std::nullopt;
    }
    case Transform::add: {
      const auto value = arguments.number("value", 0);
      return value ? std::optional(affine(x, 1, *value, call.span)) : std::nullopt;
    }
    case Transform::norm_convention: {
      const auto direction = arguments.text("direction", "");
      if (!direction) return std::nullopt;
      return affine(x, 1, *direction == "one_plus_to_plain" ? 1 : -1, call.span);
    }
    case Transform::cast: {
      const auto dtype = arguments.dtype("dtype");
      if (!dtype) return std::nullopt;
      TensorType type = x.type;
      type.dtype = *dtype;
      type.chosen = true;
      return add(RoundOp{*dtype}, {x.node}, std::move(type), call.span);
    }
    case Transform::clamp: {
      constexpr double infinity = std::numeric_limits<double>::infinity();
      const auto low = arguments.number("min", -infinity);
      const auto high = arguments.number("max", infinity);
      if (!low || !high) return std::nullopt;
      if (*low > *high || (!arguments.has("min") && !arguments.has("max"))) {
        fault(call, "E304",
              arguments.has("min") ? "'min' is greater than 'max'" : "'clamp' needs 'min' or 'max'",
              call.transform_span);
        return std::nullopt;
      }
      return add(ClampOp{*low, *high}, {x.node}, x.type, call.span);
    }
    case Transform::abs:
    case Transform::sign:
    case Transform::sqrt:
    case Transform::exp:
    case Transform::log:
      return add(MapOp{*map_function_named(spec(call.transform).name)}, {x.node}, x.type,
                 call.span);
    default:
      break;
  }
  const auto std_deviation = arguments.number("std", 0);
  const auto seed = arguments.integer("seed", 0);
  if (!std_deviation || !seed) return std::nullopt;
  if (*std_deviation < 0) {
    fault(call, "E304", "a standard deviation is not negative", arguments.span("std"));
    return std::nullopt;
  }
  const Typed noise = add(RandomOp{Distribution::normal, 0, *std_deviation,
                                   static_cast<std::uint64_t>(*seed), random_key()},
                          {}, x.type, call.span);
  return add(LinearOp{{1, 1}, 0}, {x.node, noise.node}, x.type, call.span);
}

std::optional<Typed> TensorBuilder::initial(const TensorExpr& call,
                                            const CallArguments& arguments) {
  Shape shape;
  if (arguments.has("shape")) {
    const auto sizes = arguments.integers("shape");
    if (!sizes) return std::nullopt;
    shape = *sizes;
    const auto count = checked_numel(shape);
    if (!count) {
      fault(call, "E303", fmt::format("{} is no shape", format_shape(shape)),
            arguments.span("shape"));
      return std::nullopt;
    }
  } else if (context_.target) {
    shape = *context_.target;
  } else {
    fault(call, "E309",
          fmt::format("'{}' has no shape: no target architecture gives one",
                      spec(call.transform).name),
          call.transform_span,
          fmt::format("{{ {}: {{ shape: [4, 8] }} }}", spec(call.transform).name));
    return std::nullopt;
  }
  TensorType type = make_type(DType::f32, shape);
  type.chosen = false;
  const auto seed =
      arguments.has("seed") ? arguments.integer("seed", 0) : std::optional<std::int64_t>(0);
  if (!seed) return std::nullopt;
  switch (call.transform) {
    case Transform::zeros:
      return add(FillOp{0}, {}, std::move(type), call.span);
    case Transform::ones:
      return add(FillOp{1}, {}, std::move(type), call.span);
    case Transform::constant: {
      const auto value = arguments.number("value", 0);
      if (!value) return std::nullopt;
      return add(FillOp{*value}, {}, std::move(type), call.span);
    }
    case Transform::identity: {
      if (shape.size() != 2) {
        fault(call, "E309", fmt::format("an identity is a matrix, not {}", format_shape(shape)),
              call.transform_span);
        return std::nullopt;
      }
      return add(IdentityOp{shape[0], shape[1]}, {}, std::move(type), call.span);
    }
    default:
      break;
  }
  const bool normal = call.transform == Transform::normal;
  const auto a = arguments.number(normal ? "mean" : "min", 0);
  const auto b = arguments.number(normal ? "std" : "max", 1);
  if (!a || !b) return std::nullopt;
  if (normal ? *b < 0 : *a > *b) {
    fault(call, "E304",
          normal ? "a standard deviation is not negative" : "'min' is greater than 'max'",
          call.transform_span);
    return std::nullopt;
  }
  return add(RandomOp{normal ? Distribution::normal : Distribution::uniform, *a, *b,
                      static_cast<std::uint64_t>(*seed), random_key()},
             {}, std::move(type), call.span);
}

}  // namespace inarch
