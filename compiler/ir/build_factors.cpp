// Factors of a matrix: one node holds both, A and then B, and the results are views of it.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

bool is_factorisation(Transform transform) {
  return transform == Transform::low_rank || transform == Transform::weighted_low_rank;
}

namespace {

/// Beyond this rank two factors take more than the matrix does.
std::int64_t worthwhile_rank(std::int64_t rows, std::int64_t columns) {
  return std::max<std::int64_t>(1, (rows * columns - 1) / (rows + columns));
}

}  // namespace

/// Once ranks have been measured, an open one is what was found.
void TensorBuilder::close(LowRankOp& op) const {
  const auto& ranks = context_.bound->measured_ranks;
  const auto found = ranks.find(op.key);
  if (found == ranks.end()) return;
  op.rank = std::clamp<std::int64_t>(found->second, 1, op.rank);
  op.energy = op.error = 0;
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
  const std::int64_t most = std::min(op.rows, op.columns);
  const auto energy = arguments.number("energy", 0);
  const auto error = arguments.number("error", 0);
  const bool open = arguments.has("energy") || arguments.has("error");
  const auto rank = arguments.integer("rank", open ? worthwhile_rank(op.rows, op.columns) : 0);
  const auto split = arguments.text("split", "both");
  const auto method = arguments.text("method", "auto");
  const auto oversampling = arguments.integer("oversampling", -1);
  const auto iterations = arguments.integer("power_iterations", -1);
  const auto seed = arguments.integer("seed", 0);
  if (!rank || !energy || !error || !split || !method || !oversampling || !iterations || !seed)
    return {};
  constexpr std::int64_t most_extra = 4096;
  if (!arguments.has("rank") && !open) {
    fault(call, "E304",
          fmt::format("'{}' needs a rank, an energy or an error", spec(call.transform).name),
          call.transform_span, "{ low_rank: 64 } or { low_rank: { error: 0.05 } }");
    return {};
  }
  for (const auto& [name, value] : {std::pair("energy", *energy), std::pair("error", *error)}) {
    if (!arguments.has(name) || (value > 0 && value < 1)) continue;
    fault(call, "E303", fmt::format("'{}' is between 0 and 1, not {}", name, value),
          arguments.span(name));
    return {};
  }
  if (*rank < 1 || *rank > most) {
    fault(call, "E303",
          fmt::format("a rank of {}: {} has ranks from 1 to {}", *rank, format_shape(shape), most),
          arguments.span("rank"),
          "smaller matrices can be left out: where: min(a, b) > rank, of a shape");
    return {};
  }
  for (const auto& [name, value] :
       {std::pair("oversampling", *oversampling), std::pair("power_iterations", *iterations)}) {
    if (!arguments.has(name) || (value >= 0 && value <= most_extra)) continue;
    fault(call, "E303", fmt::format("'{}' is from 0 to {}, not {}", name, most_extra, value),
          arguments.span(name));
    return {};
  }
  op.rank = *rank;
  op.energy = *energy;
  op.error = *error;
  op.split = factor_split_named(*split).value_or(FactorSplit::both);
  op.exact = *method == "exact";
  op.oversampling = *oversampling;
  op.power_iterations = *iterations;
  op.seed = static_cast<std::uint64_t>(*seed);
  op.key = random_key();
  if (open) close(op);

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
