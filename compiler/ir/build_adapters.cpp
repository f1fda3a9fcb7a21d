// Low-rank updates of weights: what adapters make of the tensors of a source, and the transforms
// that do the same with operands.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"

namespace inarch {

namespace {

/// A weight of any number of dimensions as [out, in]: those behind the first are one.
Shape as_matrix(const Shape& shape) {
  if (shape.size() < 2) return shape;
  return {shape[0], numel(shape) / std::max<std::int64_t>(1, shape[0])};
}

}  // namespace

Typed TensorBuilder::factor_product(const Typed& a, const Typed& b, bool transposed,
                                    const TensorType& like, Span origin) {
  const Shape right = as_matrix(a.type.shape()), left = as_matrix(b.type.shape());
  const std::int64_t rank = right[0], in = right[1], out = left[0];
  if (!transposed) return add(MatmulOp{out, rank, in}, {b.node, a.node}, like, origin);
  TensorType type = like;
  type.dims = make_type(like.dtype, {in, rank}).dims;
  const Typed at = add(ViewOp{0, {{in, 1}, {rank, in}}}, {a.node}, type, origin);
  type.dims = make_type(like.dtype, {rank, out}).dims;
  const Typed bt = add(ViewOp{0, {{rank, 1}, {out, rank}}}, {b.node}, type, origin);
  return add(MatmulOp{in, rank, out}, {at.node, bt.node}, like, origin);
}

Typed TensorBuilder::with_magnitude(const Typed& x, const Typed& magnitude, bool transposed,
                                    Span origin) {
  const Shape shape = as_matrix(x.type.shape());
  const std::int64_t out = shape[transposed ? 1 : 0], in = shape[transposed ? 0 : 1];
  TensorType vector = x.type;
  vector.dims = make_type(x.type.dtype, {out}).dims;
  ReduceOp norm{Reduction::norm, out, in, 1};
  if (transposed) norm = {Reduction::norm, 1, in, out};
  const Typed lengths = add(norm, {x.node}, vector, origin);
  const Typed factors = add(QuotientOp{}, {magnitude.node, lengths.node}, vector, origin);
  ViewOp repeat{0, {{out, 1}, {in, 0}}};
  if (transposed) repeat.dims = {{in, 0}, {out, 1}};
  const Typed spread = add(std::move(repeat), {factors.node}, x.type, origin);
  return add(ProductOp{}, {x.node, spread.node}, x.type, origin);
}

/// What one adapter makes of the whole tensor.
Typed TensorBuilder::term_result(const BoundSource& source, std::uint32_t number,
                                 std::uint32_t tensor, const AdapterTerm& term, Span origin) {
  const std::uint32_t adapter = source.adapters[term.adapter];
  Typed result = term.saved == no_tensor ? stored_values(number, tensor, origin)
                                         : stored_values(adapter, term.saved, origin);
  if (term.a != no_tensor) {
    const Typed a = stored_values(adapter, term.a, origin);
    const Typed b = stored_values(adapter, term.b, origin);
    const Typed product = factor_product(a, b, term.transposed, result.type, origin);
    result = add(LinearOp{{1, term.scale}, 0}, {result.node, product.node}, result.type, origin);
  }
  if (term.added != no_tensor) {
    const Typed added = stored_values(adapter, term.added, origin);
    result = add(LinearOp{{1, term.scale}, 0}, {result.node, added.node}, result.type, origin);
  }
  if (term.magnitude == no_tensor) return result;
  const Typed magnitude = stored_values(adapter, term.magnitude, origin);
  return with_magnitude(result, magnitude, term.transposed, origin);
}

/// W + Σ share · (result − W) as one weighted sum. A single term that is taken whole is its result,
/// so that what an adapter saves is copied.
Typed TensorBuilder::adapted(const BoundSource& source, std::uint32_t number,
                             const Changed& changed, Span origin) {
  const auto& [tensor, terms] = changed;
  if (terms.size() == 1 && terms.front().share == 1)
    return term_result(source, number, tensor, terms.front(), origin);
  const TensorInfo& info = source.checkpoint->tensors[tensor];
  const TensorType type = make_type(info.dtype, info.shape);
  double kept = 1;
  std::vector<double> weights;
  std::vector<NodeId> inputs;
  for (const AdapterTerm& term : terms) {
    const std::uint32_t adapter = source.adapters[term.adapter];
    const bool is_sum = term.saved == no_tensor && term.magnitude == no_tensor;
    if (is_sum && term.a != no_tensor) {
      const Typed a = stored_values(adapter, term.a, origin);
      const Typed b = stored_values(adapter, term.b, origin);
      inputs.push_back(factor_product(a, b, term.transposed, type, origin).node);
      weights.push_back(term.share * term.scale);
    } else if (is_sum) {
      inputs.push_back(stored_values(adapter, term.added, origin).node);
      weights.push_back(term.share * term.scale);
    } else {
      inputs.push_back(term_result(source, number, tensor, term, origin).node);
      weights.push_back(term.share);
      kept -= term.share;
    }
  }
  if (kept != 0) {
    inputs.insert(inputs.begin(), stored_values(number, tensor, origin).node);
    weights.insert(weights.begin(), kept);
  }
  return add(LinearOp{std::move(weights), 0}, std::move(inputs), type, origin);
}

/// lora_merge and dora_merge
std::optional<Typed> TensorBuilder::merge_factors(const TensorExpr& call,
                                                  const CallArguments& arguments,
                                                  const std::vector<Typed>& xs) {
  for (const Typed& x : xs) {
    if (!computable(x, call)) return std::nullopt;
  }
  const auto scale = arguments.number("scale", 1);
  const auto transposed = arguments.boolean("transposed", false);
  if (!scale || !transposed) return std::nullopt;
  const Shape w = xs[0].type.shape(), a = xs[1].type.shape(), b = xs[2].type.shape();
  const bool matrices = w.size() == 2 && a.size() == 2 && b.size() == 2;
  if (!matrices || b[1] != a[0] || w != (*transposed ? Shape{a[1], b[0]} : Shape{b[0], a[1]})) {
    fault(call, "E311",
          fmt::format("{}, {} and {} do not fit each other: w is {}, a [r, in] and b [out, r]",
                      format_shape(w), format_shape(a), format_shape(b),
                      *transposed ? "[in, out]" : "[out, in]"),
          call.transform_span);
    return std::nullopt;
  }
  const Typed product = factor_product(xs[1], xs[2], *transposed, xs[0].type, call.span);
  Typed sum = add(LinearOp{{1, *scale}, 0}, {xs[0].node, product.node}, xs[0].type, call.span);
  if (xs.size() == 3) return sum;
  if (xs[3].type.elements() != b[0]) {
    fault(call, "E311",
          fmt::format("a magnitude of {} does not go with {} outputs",
                      format_shape(xs[3].type.shape()), b[0]),
          call.transform_span);
    return std::nullopt;
  }
  return with_magnitude(sum, xs[3], *transposed, call.span);
}

}  // namespace inarch
