#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

namespace {

bool computes(const TensorType& type) { return is_arithmetic(type.dtype); }

std::string operand_shapes(const std::vector<Typed>& xs) {
  std::string text;
  for (std::size_t k = 0; k < xs.size() && k < 4; ++k) {
    if (k > 0) text += ", ";
    text += format_shape(xs[k].type.shape());
  }
  return xs.size() > 4 ? text + ", …" : text;
}

bool same_shapes(const std::vector<Typed>& xs) {
  for (const Typed& x : xs) {
    if (x.type.shape() != xs.front().type.shape()) return false;
  }
  return true;
}

}  // namespace

std::optional<TensorType> TensorBuilder::joint_type(const TensorExpr& call,
                                                    const std::vector<Typed>& xs) {
  TensorType type = xs.front().type;
  const auto leader =
      std::find_if(xs.begin(), xs.end(), [](const Typed& x) { return x.type.chosen; });
  if (leader == xs.end()) return type;
  type.dtype = leader->type.dtype;
  type.chosen = true;
  for (const Typed& x : xs) {
    const bool fits = x.type.dtype == type.dtype || (computes(x.type) && computes(type)) ||
                      (!x.type.chosen && can_be_stored_as(*context_.graph, x.node, type.dtype));
    if (fits) continue;
    fault(call, "E306",
          fmt::format("{} and {} values cannot be in one tensor", name(type.dtype),
                      x.type.chosen ? name(x.type.dtype) : "computed"),
          call.transform_span);
    return std::nullopt;
  }
  return type;
}

std::optional<Typed> TensorBuilder::concat(const TensorExpr& call, const CallArguments& arguments,
                                           const std::vector<Typed>& xs) {
  const auto name = arguments.text("axis", "0");
  if (!name) return std::nullopt;
  const auto at =
      axis(xs[0], *name, arguments.has("axis") ? arguments.span("axis") : call.transform_span);
  if (!at) return std::nullopt;
  const auto expected = with_axis_size(xs[0].type, *at, 1).axis_sizes();
  for (const Typed& x : xs) {
    const bool comparable =
        x.type.dims.size() == xs[0].type.dims.size() && at->axis < x.type.dims[at->dim].axes.size();
    if (!comparable || with_axis_size(x.type, *at, 1).axis_sizes() != expected) {
      fault(
          call, "E305",
          fmt::format("shapes to join along '{}' differ elsewhere: {}", *name, operand_shapes(xs)),
          call.transform_span);
      return std::nullopt;
    }
  }
  const auto type = joint_type(call, xs);
  if (!type) return std::nullopt;
  std::vector<Typed> parts = xs;
  parts.front().type = *type;
  Typed result = joined(parts, *at, call.span);
  result.type.dtype = type->dtype;
  result.type.chosen = type->chosen;
  return result;
}

std::optional<Typed> TensorBuilder::stack(const TensorExpr& call, const CallArguments& arguments,
                                          const std::vector<Typed>& xs) {
  const auto position = arguments.integer("axis", 0);
  if (!position) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(xs[0].type.dims.size());
  if (!same_shapes(xs) || *position < 0 || *position > rank) {
    fault(call, "E305",
          *position < 0 || *position > rank
              ? fmt::format("a new axis can stand at 0 to {}, not {}", rank, *position)
              : fmt::format("shapes to stack differ: {}", operand_shapes(xs)),
          call.transform_span);
    return std::nullopt;
  }
  ConcatOp op;
  std::vector<NodeId> inputs;
  for (std::int64_t d = 0; d < *position; ++d)
    op.outer *= xs[0].type.dims[static_cast<std::size_t>(d)].size();
  for (const Typed& x : xs) {
    op.blocks.push_back(op.outer == 0 ? 0 : x.type.elements() / op.outer);
    inputs.push_back(x.node);
  }
  auto type = joint_type(call, xs);
  if (!type) return std::nullopt;
  type->dims.insert(type->dims.begin() + *position,
                    Dim{{{"", static_cast<std::int64_t>(xs.size())}}});
  return add(std::move(op), std::move(inputs), std::move(*type), call.span);
}

std::optional<Typed> TensorBuilder::interleave(const TensorExpr& call,
                                               const CallArguments& arguments,
                                               const std::vector<Typed>& xs) {
  const auto name = arguments.text("axis", "0");
  if (!name) return std::nullopt;
  const auto at =
      axis(xs[0], *name, arguments.has("axis") ? arguments.span("axis") : call.transform_span);
  if (!at) return std::nullopt;
  if (!same_shapes(xs)) {
    fault(call, "E305", fmt::format("shapes to interleave differ: {}", operand_shapes(xs)),
          call.transform_span);
    return std::nullopt;
  }
  ConcatOp op;
  op.outer = at->outer * at->size;
  std::vector<NodeId> inputs;
  for (const Typed& x : xs) {
    op.blocks.push_back(at->inner);
    inputs.push_back(x.node);
  }
  auto type = joint_type(call, xs);
  if (!type) return std::nullopt;
  const std::int64_t size = at->size * static_cast<std::int64_t>(xs.size());
  return add(std::move(op), std::move(inputs), with_axis_size(std::move(*type), *at, size),
             call.span);
}

std::optional<Typed> TensorBuilder::linear(const TensorExpr& call, const CallArguments& arguments,
                                           const std::vector<Typed>& xs) {
  auto weights = arguments.numbers("weights");
  const auto normalize = arguments.boolean("normalize", false);
  if (!weights || !normalize) return std::nullopt;
  if (weights->size() != xs.size()) {
    fault(call, "E313", fmt::format("{} weights for {} operands", weights->size(), xs.size()),
          arguments.span("weights"));
    return std::nullopt;
  }
  if (!same_shapes(xs)) {
    fault(call, "E305", fmt::format("shapes to sum differ: {}", operand_shapes(xs)),
          call.transform_span, vocabulary_hint(xs));
    return std::nullopt;
  }
  if (!same_vocabularies(call, xs)) return std::nullopt;
  std::vector<NodeId> inputs;
  double sum = 0;
  for (std::size_t k = 0; k < xs.size(); ++k) {
    if (!computable(xs[k], call)) return std::nullopt;
    inputs.push_back(xs[k].node);
    sum += (*weights)[k];
  }
  if (*normalize && std::abs(sum) < 1e-12) {
    fault(call, "E313", "weights that sum to zero cannot be normalised", arguments.span("weights"));
    return std::nullopt;
  }
  auto type = joint_type(call, xs);
  if (!type) return std::nullopt;
  if (arguments.has("rounded_as")) {
    const auto dtype = arguments.dtype("rounded_as");
    if (!dtype) return std::nullopt;
    Typed mean = rounded_mean(xs, *weights, *normalize, *dtype, call.span);
    mean.type = std::move(*type);
    return mean;
  }
  if (*normalize) {
    for (double& weight : *weights) weight /= sum;
  }
  return add(LinearOp{std::move(*weights), 0}, std::move(inputs), std::move(*type), call.span);
}

}  // namespace inarch
