// Merging methods. Those on a sphere are one operation. Those of task vectors are put together:
// differences from the base, each thinned out, added up or voted on, and added to the base; so a
// method is a row of this file and not a kernel of its own.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

/// Operands of one shape, in runs that are merged by themselves and lie one after another.
struct TensorBuilder::MergeInputs {
  std::vector<Typed> xs;
  TensorType type;
  std::int64_t groups = 1;
  std::int64_t size = 0;
  std::int64_t row = 1;  // elements along the last axis
};

namespace {

std::string shapes_of(const std::vector<Typed>& xs) {
  std::string text;
  for (std::size_t k = 0; k < xs.size() && k < 4; ++k)
    text += fmt::format("{}{}", k > 0 ? ", " : "", format_shape(xs[k].type.shape()));
  return xs.size() > 4 ? text + ", …" : text;
}

/// An axis comes to the front, [outer, size, inner] to [size, outer, inner].
ViewOp to_front(const AxisPosition& at) {
  return {0, {{at.size, at.inner}, {at.outer, at.size * at.inner}, {at.inner, 1}}};
}
ViewOp from_front(const AxisPosition& at) {
  return {0, {{at.outer, at.inner}, {at.size, at.outer * at.inner}, {at.inner, 1}}};
}

struct TaskMethod {
  Transform transform;
  bool votes;
  bool normalize;
  bool rescale;
};
constexpr TaskMethod task_methods[] = {{Transform::task_arithmetic, false, false, false},
                                       {Transform::ties, true, true, false},
                                       {Transform::dare_linear, false, false, true},
                                       {Transform::dare_ties, true, false, true},
                                       {Transform::breadcrumbs, false, false, false},
                                       {Transform::breadcrumbs_ties, true, false, false},
                                       {Transform::della, true, true, true},
                                       {Transform::della_linear, false, false, true}};

const TaskMethod* task_method(Transform transform) {
  const auto* found = std::find_if(std::begin(task_methods), std::end(task_methods),
                                   [&](const TaskMethod& m) { return m.transform == transform; });
  return found == std::end(task_methods) ? nullptr : found;
}

bool is_blending(Transform transform) {
  return transform == Transform::slerp || transform == Transform::nuslerp ||
         transform == Transform::multislerp || transform == Transform::karcher ||
         transform == Transform::model_stock;
}

/// As many as there are whole ones: the product in f64, the rest cut off.
std::int64_t count_of(double share, std::int64_t n) {
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(share * static_cast<double>(n)), 0, n);
}

MergeOp on_runs(Merge merge, std::int64_t groups, std::int64_t size) {
  MergeOp op;
  op.merge = merge;
  op.groups = groups;
  op.size = size;
  return op;
}

}  // namespace

std::optional<Typed> TensorBuilder::merge(const TensorExpr& call, const CallArguments& arguments,
                                          const std::vector<Typed>& xs) {
  auto in = merge_runs(call, arguments, xs);
  if (!in) return std::nullopt;
  std::optional<Typed> merged = is_blending(call.transform)   ? blend(call, arguments, *in)
                                : task_method(call.transform) ? task_vectors(call, arguments, *in)
                                                              : select_merge(call, arguments, *in);
  if (!merged) return std::nullopt;
  merged->type = in->type;
  const auto name = arguments.text("each", "");
  if (!name || *name == "vectors" || name->empty() || in->groups == 1) return merged;
  const auto at = axis(xs.front(), *name, arguments.span("each"));
  if (!at || at->outer == 1) return merged;
  return add(from_front(*at), {merged->node}, in->type, call.span);
}

/// A vector is one run along the last axis, whichever axis its entries are to be merged along.
std::optional<TensorBuilder::MergeInputs> TensorBuilder::merge_runs(const TensorExpr& call,
                                                                    const CallArguments& arguments,
                                                                    const std::vector<Typed>& xs) {
  for (const Typed& x : xs) {
    if (!computable(x, call)) return std::nullopt;
    if (x.type.shape() == xs.front().type.shape()) continue;
    fault(call, "E305", fmt::format("shapes to merge differ: {}", shapes_of(xs)),
          call.transform_span, vocabulary_hint(xs));
    return std::nullopt;
  }
  if (!same_vocabularies(call, xs)) return std::nullopt;
  auto type = joint_type(call, xs);
  const auto each = arguments.text("each", "");
  const auto filter_wise = arguments.boolean("filter_wise", false);
  if (!type || !each || !filter_wise) return std::nullopt;
  MergeInputs in;
  in.xs = xs;
  in.type = std::move(*type);
  const Shape shape = in.type.shape();
  const std::int64_t count = in.type.elements();
  in.size = count;
  in.row = shape.empty() ? 1 : shape.back();
  if (count == 0 || shape.size() < 2) return in;
  if (*filter_wise || *each == "vectors") {
    in.groups = count / in.row;
    in.size = in.row;
  } else if (!each->empty()) {
    const auto at = axis(xs.front(), *each, arguments.span("each"));
    if (!at) return std::nullopt;
    in.groups = at->size;
    in.size = at->outer * at->inner;
    in.row = at->inner > 1 ? std::min(in.row, at->inner) : in.size;
    if (at->outer == 1) return in;
    for (Typed& x : in.xs) x = add(to_front(*at), {x.node}, x.type, call.span);
  }
  return in;
}

std::optional<Typed> TensorBuilder::blend(const TensorExpr& call, const CallArguments& arguments,
                                          const MergeInputs& in) {
  const auto from_base = arguments.boolean("deltas", call.transform == Transform::model_stock);
  const auto t = arguments.number("t", 0);
  const auto eps = arguments.number("eps", 1e-8);
  const auto tolerance = arguments.number("tol", 1e-5);
  const auto iterations = arguments.integer("max_iter", 10);
  const auto normalize = arguments.boolean("normalize", true);
  if (!from_base || !t || !eps || !tolerance || !iterations || !normalize) return std::nullopt;
  const std::size_t models = in.xs.size() - (*from_base ? 1 : 0);
  std::vector<double> weights;
  if (call.transform == Transform::nuslerp || call.transform == Transform::multislerp) {
    auto given = weights_of(call, arguments, models);
    if (!given) return std::nullopt;
    weights = std::move(*given);
  }
  double sum = 0;
  for (const double w : weights) sum += w;
  MergeOp op = on_runs(Merge::slerp, in.groups, in.size);
  op.from_base = *from_base;
  op.t = *t;
  if (call.transform == Transform::nuslerp) {
    constexpr double least = 1e-6;
    op.merge = Merge::nuslerp;
    if (models != 2) {
      fault(call, "E313",
            fmt::format("'nuslerp' merges two tensors{}, not {}",
                        *from_base ? " beside the base" : "", models),
            call.transform_span);
      return std::nullopt;
    }
    op.t = std::abs(sum) < least ? 0.5 : weights[1] / sum;
  } else if (call.transform == Transform::multislerp) {
    op.merge = Merge::multislerp;
    op.normalize = *normalize;
    op.epsilon = *eps;
    op.weights = std::move(weights);
    if (*normalize && sum == 0) {
      fault(call, "E313", "weights that sum to zero cannot be normalised",
            arguments.span("weights"));
      return std::nullopt;
    }
  } else if (call.transform == Transform::karcher) {
    op.merge = Merge::karcher;
    constexpr std::int64_t most = 1'000'000;
    if (*iterations < 0 || *iterations > most) {
      fault(call, "E303", fmt::format("'max_iter' is from 0 to {}, not {}", most, *iterations),
            arguments.span("max_iter"));
      return std::nullopt;
    }
    op.iterations = *iterations;
    op.tolerance = *tolerance;
  } else if (call.transform == Transform::model_stock) {
    op.merge = Merge::model_stock;
    if (models < 2) {
      fault(call, "E313", "'model_stock' needs a base and two or more others", call.transform_span);
      return std::nullopt;
    }
  }
  std::vector<NodeId> inputs;
  for (const Typed& x : in.xs) inputs.push_back(x.node);
  return add(std::move(op), std::move(inputs), in.type, call.span);
}

std::optional<std::vector<double>> TensorBuilder::weights_of(const TensorExpr& call,
                                                             const CallArguments& arguments,
                                                             std::size_t models) {
  auto weights = arguments.number_or_numbers("weights");
  if (!weights) return std::nullopt;
  if (weights->size() == models) return weights;
  if (weights->size() == 1 && spec(call.transform).find("weights")->kind != ParamKind::numbers)
    return std::vector<double>(models, weights->front());
  fault(call, "E313",
        fmt::format("{} weight{} for {} model{}", weights->size(), weights->size() == 1 ? "" : "s",
                    models, models == 1 ? "" : "s"),
        arguments.span("weights"),
        spec(call.transform).inputs.front() == "base" ? "the base has no weight" : "");
  return std::nullopt;
}

/// A parameter that is one number for all models, or one each.
std::optional<double> TensorBuilder::of_model(const TensorExpr& call,
                                              const CallArguments& arguments, std::string_view name,
                                              double otherwise, std::size_t k, std::size_t models) {
  if (!arguments.has(name)) return otherwise;
  const auto numbers = arguments.number_or_numbers(name);
  if (!numbers) return std::nullopt;
  if (numbers->size() != 1 && numbers->size() != models) {
    fault(call, "E313",
          fmt::format("'{}' has {} numbers for {} models", name, numbers->size(), models),
          arguments.span(name));
    return std::nullopt;
  }
  const double value = numbers->size() == 1 ? numbers->front() : (*numbers)[k];
  if (value >= 0) return value;
  fault(call, "E304", fmt::format("'{}' is not negative, and here {}", name, value),
        arguments.span(name));
  return std::nullopt;
}

std::optional<Typed> TensorBuilder::thinned(const TensorExpr& call, const CallArguments& arguments,
                                            const MergeInputs& in, std::size_t k,
                                            const Typed& difference) {
  const std::size_t models = in.xs.size() - 1;
  const auto density = of_model(call, arguments, "density", 1, k, models);
  const auto gamma = of_model(call, arguments, "gamma", 0.01, k, models);
  const auto epsilon = of_model(call, arguments, "epsilon", 0.15, k, models);
  const auto rescale = arguments.boolean("rescale", task_method(call.transform)->rescale);
  const auto seed = arguments.integer("seed", 0);
  if (!density || !gamma || !epsilon || !rescale || !seed) return std::nullopt;
  std::string key = random_key();  // one for each model, also where nothing is drawn
  if (*density >= 1) return difference;
  MergeOp op = on_runs(Merge::trim, in.groups, in.size);
  op.rescale = *rescale;
  switch (call.transform) {
    case Transform::breadcrumbs:
    case Transform::breadcrumbs_ties:
      op.keep = count_of(*density, in.size);
      op.skip = std::min(count_of(std::min(*gamma, 1.0), in.size), in.size - op.keep);
      break;
    case Transform::ties:
      op.keep = count_of(*density, in.size);
      break;
    case Transform::della:
    case Transform::della_linear:
      op.epsilon = *epsilon;
      op.row = in.row;
      if (*density > 0 && (*density + *epsilon >= 1 || *density - *epsilon <= 0)) {
        fault(call, "E304",
              fmt::format("probabilities from {:.4g} to {:.4g}: density ± epsilon must lie between "
                          "0 and 1",
                          *density - *epsilon, *density + *epsilon),
              arguments.span("density"));
        return std::nullopt;
      }
      [[fallthrough]];
    default:
      op.merge = op.row > 0 && *density > 0 ? Merge::ranked_coins : Merge::coins;
      if (op.merge == Merge::coins) op.epsilon = 0;
      op.density = *density;
      op.seed = static_cast<std::uint64_t>(*seed);
      op.key = std::move(key);
      break;
  }
  if (op.merge != Merge::ranked_coins) op.row = 0;
  return add(std::move(op), {difference.node}, in.type, call.span);
}

std::optional<Typed> TensorBuilder::task_vectors(const TensorExpr& call,
                                                 const CallArguments& arguments,
                                                 const MergeInputs& in) {
  const TaskMethod& method = *task_method(call.transform);
  const std::size_t models = in.xs.size() - 1;
  auto weights = weights_of(call, arguments, models);
  const auto lambda = arguments.number("lambda", 1);
  const auto normalize = arguments.boolean("normalize", method.normalize);
  if (!weights || !lambda || !normalize) return std::nullopt;
  if (arguments.has("rounded_as")) {
    const auto dtype = arguments.dtype("rounded_as");
    if (!dtype) return std::nullopt;
    return rounded_task_arithmetic(in.xs, *weights, *lambda, *normalize, *dtype, call.span);
  }
  const Typed& base = in.xs.front();
  std::vector<NodeId> differences;
  for (std::size_t k = 0; k < models; ++k) {
    Typed difference =
        add(LinearOp{{1, -1}, 0}, {in.xs[k + 1].node, base.node}, in.type, call.span);
    if (call.transform != Transform::task_arithmetic) {
      auto left = thinned(call, arguments, in, k, difference);
      if (!left) return std::nullopt;
      difference = std::move(*left);
    }
    differences.push_back(difference.node);
  }
  if (method.votes) {
    MergeOp vote = on_runs(Merge::vote, in.groups, in.size);
    vote.weights = std::move(*weights);
    vote.normalize = *normalize;
    const Typed voted = add(std::move(vote), std::move(differences), in.type, call.span);
    return add(LinearOp{{1, *lambda}, 0}, {base.node, voted.node}, in.type, call.span);
  }
  double sum = 0;
  for (const double w : *weights) sum += w;
  constexpr double least = 1e-8;
  const double divisor = *normalize && std::abs(sum) >= least ? sum : 1;
  LinearOp total{{1}, 0};
  for (const double w : *weights) total.weights.push_back(*lambda * w / divisor);
  differences.insert(differences.begin(), base.node);
  return add(std::move(total), std::move(differences), in.type, call.span);
}

/// base + what an operation makes of all differences from it.
Typed TensorBuilder::differences_merged(MergeOp op, const MergeInputs& in, Span origin) {
  const Typed& base = in.xs.front();
  std::vector<NodeId> differences;
  for (std::size_t k = 1; k < in.xs.size(); ++k) {
    differences.push_back(
        add(LinearOp{{1, -1}, 0}, {in.xs[k].node, base.node}, in.type, origin).node);
  }
  const Typed merged = add(std::move(op), std::move(differences), in.type, origin);
  return add(LinearOp{{1, 1}, 0}, {base.node, merged.node}, in.type, origin);
}

std::optional<Typed> TensorBuilder::select_merge(const TensorExpr& call,
                                                 const CallArguments& arguments,
                                                 const MergeInputs& in) {
  const auto t = arguments.number("t", 0);
  const auto share = arguments.number("select_topk", 1);
  const auto epsilon = arguments.number("epsilon", 1e-5);
  const auto r = arguments.number("r", 0.1);
  const auto alpha = arguments.number("alpha", 0.2);
  if (!t || !share || !epsilon || !r || !alpha) return std::nullopt;
  for (const auto& [name, value] :
       {std::pair("epsilon", *epsilon), std::pair("select_topk", *share), std::pair("r", *r)}) {
    if (value >= 0) continue;
    fault(call, "E304", fmt::format("'{}' is not negative, and here {}", name, value),
          arguments.span(name));
    return std::nullopt;
  }
  MergeOp op = on_runs(Merge::nearswap, in.groups, in.size);
  switch (call.transform) {
    case Transform::sce:
      op.merge = Merge::sce;
      op.density = std::min(*share, 1.0);
      return differences_merged(std::move(op), in, call.span);
    case Transform::ramplus_tl:
      op.r = *r;
      op.alpha = *alpha;
      [[fallthrough]];
    case Transform::ram:
      op.merge = Merge::ram;
      op.epsilon = *epsilon;
      return differences_merged(std::move(op), in, call.span);
    case Transform::arcee_fusion:
      op.merge = Merge::fusion;
      op.row = in.row;
      break;
    default:
      op.t = *t;
      break;
  }
  return add(std::move(op), {in.xs[0].node, in.xs[1].node}, in.type, call.span);
}

}  // namespace inarch
