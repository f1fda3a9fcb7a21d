// Gates of mixtures of experts, put together of what there is: rows are taken, averaged,
// subtracted and scaled. The rule, and the 1e-8 in it, are those of mergekit's moe/router.py.

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

std::optional<Typed> TensorBuilder::router(const TensorExpr& call, const CallArguments& arguments,
                                           const Typed& x) {
  const auto positive = arguments.lists("positive");
  const auto negative = arguments.lists("negative");
  const auto each = arguments.text("each", "mean");
  if (!positive || !negative || !each || !computable(x, call)) return std::nullopt;
  const Shape shape = x.type.shape();
  if (shape.size() != 2) {
    fault(call, "E311", fmt::format("{} is no list of states or embeddings", format_shape(shape)),
          call.transform_span);
    return std::nullopt;
  }
  if (positive->empty() || (!negative->empty() && negative->size() != positive->size())) {
    fault(call, "E313",
          positive->empty()
              ? "a router needs an expert"
              : fmt::format("{} experts have positive rows, and {} have negative ones",
                            positive->size(), negative->size()),
          call.transform_span);
    return std::nullopt;
  }
  for (const auto* lists : {&*positive, &*negative}) {
    for (const std::vector<std::int64_t>& rows : *lists) {
      const auto beyond = std::find_if(
          rows.begin(), rows.end(), [&](std::int64_t row) { return row < 0 || row >= shape[0]; });
      if (beyond == rows.end()) continue;
      fault(call, "E302",
            fmt::format("there is no row {}: the rows are 0 to {}", *beyond, shape[0] - 1),
            arguments.span(lists == &*positive ? "positive" : "negative"));
      return std::nullopt;
    }
  }
  std::vector<Typed> gates;
  for (std::size_t e = 0; e < positive->size(); ++e) {
    if ((*positive)[e].empty()) {
      fault(call, "E313", fmt::format("expert {} has no positive rows", e),
            arguments.span("positive"));
      return std::nullopt;
    }
    const bool direction = *each == "direction";
    Typed row = side(x, (*positive)[e], direction, call.span);
    if (!negative->empty() && !(*negative)[e].empty()) {
      const Typed against = side(x, (*negative)[e], direction, call.span);
      row = add(LinearOp{{1, -1}, 0}, {row.node, against.node}, row.type, call.span);
    }
    gates.push_back(of_length_one(row, call.span));
  }
  AxisPosition rows;
  rows.inner = shape[1];
  return joined(gates, rows, call.span);
}

/// One row from several.
Typed TensorBuilder::side(const Typed& x, const std::vector<std::int64_t>& rows, bool direction,
                          Span origin) {
  const std::int64_t width = x.type.shape()[1];
  AxisPosition at;
  at.size = x.type.shape()[0];
  at.inner = width;
  Typed plain = x;
  plain.type.dims = make_type(x.type.dtype, x.type.shape()).dims;
  const Typed taken = take(plain, at, rows, origin);
  at.size = static_cast<std::int64_t>(rows.size());
  const Typed row = *reduce(direction ? Reduction::sum : Reduction::mean, taken, at, true, origin);
  return direction ? of_length_one(row, origin) : row;
}

Typed TensorBuilder::of_length_one(const Typed& row, Span origin) {
  constexpr double least = 1e-8;
  const Typed length = *reduce(Reduction::norm, row, std::nullopt, true, origin);
  const Typed bounded = add(ClampOp{least, std::numeric_limits<double>::infinity()}, {length.node},
                            length.type, origin);
  const Typed everywhere = *broadcast(bounded, row, origin);
  return add(QuotientOp{}, {row.node, everywhere.node}, row.type, origin);
}

}  // namespace inarch
