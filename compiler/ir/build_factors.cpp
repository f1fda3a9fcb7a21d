// Factors of a matrix: one node holds both, A and then B, and the results are views of it.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

bool is_factorisation(Transform transform) {
  return transform == Transform::low_rank || transform == Transform::weighted_low_rank;
}

std::vector<Typed> TensorBuilder::low_rank(const TensorExpr& call, const CallArguments& arguments,
                                           const std::vector<Typed>& xs) {
  for (const Typed& x : xs) {
    if (!computable(x, call)) return {};
  }
  const Shape shape = xs[0].type.shape();
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1) {
    fault(call, "E311", fmt::format("{} is no matrix that could be factored", format_shape(shape)),
          call.transform_span);
    return {};
  }
  if (xs.size() == 2 && xs[1].type.shape() != Shape{shape[1]}) {
    fault(call, "E311",
          fmt::format("moments of {} do not go with {}: one for each column is due",
                      format_shape(xs[1].type.shape()), format_shape(shape)),
          call.transform_span);
    return {};
  }
  LowRankOp op;
  op.rows = shape[0];
  op.columns = shape[1];
  const auto rank = arguments.integer("rank", 0);
  const auto split = arguments.text("split", "both");
  const auto method = arguments.text("method", "auto");
  const auto oversampling = arguments.integer("oversampling", -1);
  const auto iterations = arguments.integer("power_iterations", -1);
  const auto seed = arguments.integer("seed", 0);
  if (!rank || !split || !method || !oversampling || !iterations || !seed) return {};
  constexpr std::int64_t most_extra = 4096;
  const std::int64_t most = std::min(op.rows, op.columns);
  if (*rank < 1 || *rank > most) {
    fault(call, "E303", fmt::format("a rank of {}: {} has ranks from 1 to {}", *rank,
                                    format_shape(shape), most),
          arguments.span("rank"),
          "smaller matrices can be left out: where: min(a, b) > rank, of a shape");
    return {};
  }
  for (const auto& [name, value] : {std::pair("oversampling", *oversampling),
                                    std::pair("power_iterations", *iterations)}) {
    if (!arguments.has(name) || (value >= 0 && value <= most_extra)) continue;
    fault(call, "E303", fmt::format("'{}' is from 0 to {}, not {}", name, most_extra, value),
          arguments.span(name));
    return {};
  }
  op.rank = *rank;
  op.split = factor_split_named(*split).value_or(FactorSplit::both);
  op.exact = *method == "exact";
  op.oversampling = *oversampling;
  op.power_iterations = *iterations;
  op.seed = static_cast<std::uint64_t>(*seed);
  op.key = random_key();

  std::vector<NodeId> inputs;
  for (const Typed& x : xs) inputs.push_back(x.node);
  const std::int64_t left_count = op.rows * op.rank, right_count = op.rank * op.columns;
  TensorType both = make_type(xs[0].type.dtype, {left_count + right_count});
  both.chosen = xs[0].type.chosen;
  const std::int64_t r = op.rank;
  const Typed factors = add(std::move(op), std::move(inputs), both, call.span);
  const Dim ranks{{Axis{"", r}}};
  TensorType left = both, right = both;
  left.dims = {xs[0].type.dims[0], ranks};
  right.dims = {ranks, xs[0].type.dims[1]};
  return {add(ViewOp{0, {{left_count, 1}}}, {factors.node}, std::move(left), call.span),
          add(ViewOp{left_count, {{right_count, 1}}}, {factors.node}, std::move(right), call.span)};
}

}  // namespace inarch
