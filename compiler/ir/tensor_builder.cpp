#include "compiler/ir/tensor_builder.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/ir/decoded.h"
#include "compiler/recipe/expand.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// True when `dtype` holds every value of the node as it is: elements that are only moved.
bool holds_exactly(const Graph& graph, NodeId root, DType dtype) {
  std::vector<NodeId> pending = {root};
  std::set<NodeId> seen;
  while (!pending.empty()) {
    const Node& node = graph[pending.back()];
    const bool fresh = seen.insert(pending.back()).second;
    pending.pop_back();
    if (!fresh) continue;
    const auto* fill = std::get_if<FillOp>(&node.data);
    const auto* round = std::get_if<RoundOp>(&node.data);
    if (fill) {  // whole numbers up to 8 fit every float there is
      if (std::abs(fill->value) > 8 || std::trunc(fill->value) != fill->value) return false;
    } else if (round) {
      if (round->dtype != dtype) return false;
    } else if (std::holds_alternative<SourceTensor>(node.data)) {
      if (node.dtype != dtype) return false;
    } else if (is_arithmetic(node.data) || std::holds_alternative<RandomOp>(node.data)) {
      return false;
    } else {
      pending.insert(pending.end(), node.inputs.begin(), node.inputs.end());
    }
  }
  return true;
}

/// Braces would copy it.
std::vector<Typed> as_list(std::optional<Typed> typed) {
  std::vector<Typed> list;
  if (typed) list.push_back(std::move(*typed));
  return list;
}

}  // namespace

std::vector<Typed> TensorBuilder::build(const TensorExpr& expression) {
  const bool one = expression.kind == TensorExpr::Kind::reference ||
                   (expression.kind == TensorExpr::Kind::name && !names_number(expression));
  if (one) return as_list(build_one(expression));
  std::vector<Typed> results =
      expression.kind == TensorExpr::Kind::call ? call(expression) : arithmetic(expression);
  if (context_.steps && !results.empty()) note(expression, nullptr, results);
  return results;
}

void TensorBuilder::note(const TensorExpr& expression, const Reference* reference,
                         std::vector<Typed> results) {
  context_.steps->push_back({&expression, reference, std::move(results)});
}

std::optional<Typed> TensorBuilder::build_one(const TensorExpr& expression) {
  if (expression.kind == TensorExpr::Kind::reference) return reference(expression);
  if (expression.kind == TensorExpr::Kind::name && !names_number(expression))
    return operand(expression);
  std::vector<Typed> results = build(expression);
  if (results.empty()) return std::nullopt;
  if (results.size() > 1) {
    fault(expression, "E312",
          fmt::format("'{}' gives {} tensors where one is due", spec(expression.transform).name,
                      results.size()),
          expression.span);
    return std::nullopt;
  }
  return std::move(results.front());
}

std::optional<Typed> TensorBuilder::reference(const TensorExpr& expression) {
  const Reference* found = instance_.find(&expression);
  if (!found) return std::nullopt;
  auto typed = referred(expression, *found);
  if (context_.steps && typed) note(expression, found, {*typed});
  return typed;
}

std::optional<Typed> TensorBuilder::referred(const TensorExpr& expression, const Reference& found) {
  if (found.source == defined_source) return definition(expression, found.output_name);
  if (found.source != output_source)
    return source_values(found.source, found.tensor, expression.span);
  const auto& known = (*context_.outputs)[found.tensor];
  const auto output = known.find(found.output_name);
  if (output == known.end()) {
    std::vector<std::string> names;
    for (const auto& [name, index] : known) names.push_back(name);
    const std::string near = nearest(found.output_name, names);
    const std::string& which = context_.bound->outputs[found.tensor].name;
    fault(expression, "E213",
          fmt::format("the output {}has no tensor '{}'",
                      which.empty() ? "" : fmt::format("'{}' ", which),
                      escape_for_terminal(found.output_name)),
          expression.span,
          near.empty() ? "" : fmt::format("did you mean '{}'?", escape_for_terminal(near)));
    return std::nullopt;
  }
  const Output& written = context_.graph->outputs[output->second];
  TensorType type = make_type(written.dtype, written.shape);
  if (context_.reads_finished) {
    return add(FinishedOutput{static_cast<std::uint32_t>(output->second)}, {}, std::move(type),
               expression.span);
  }
  const auto& storages = context_.graph->storages;
  if (written.storage >= 0 && storages[static_cast<std::size_t>(written.storage)].source < 0) {
    fault(expression, "E318",
          fmt::format("'{}' is encoded, and what its values are then is known when it is written",
                      escape_for_terminal(written.name)),
          expression.span, "put what it is made of in 'define', and read that");
    return std::nullopt;
  }
  if (!is_arithmetic(written.dtype) || holds_exactly(*context_.graph, written.node, written.dtype))
    return Typed{written.node, std::move(type)};
  return add(RoundOp{written.dtype}, {written.node}, std::move(type), expression.span);
}

Typed TensorBuilder::source_values(std::uint32_t source, std::uint32_t tensor, Span origin) {
  const BoundSource& bound = context_.bound->sources[source];
  const auto changed = bound.changed.find(tensor);
  if (changed != bound.changed.end()) return adapted(bound, source, *changed, origin);
  return stored_values(source, tensor, origin);
}

Typed TensorBuilder::stored_values(std::uint32_t source, std::uint32_t tensor, Span origin) {
  const Checkpoint& checkpoint = *context_.bound->sources[source].checkpoint;
  const TensorInfo& info = checkpoint.tensors[tensor];
  TensorType type = make_type(info.dtype, info.shape);
  type.chosen = !context_.bound->sources[source].is_states();
  const SourceTensor leaf{source, tensor};
  if (!info.is_encoded()) return add(leaf, {}, std::move(type), origin);
  const NodeId node = add_source_values(*context_.graph, checkpoint, leaf, origin);
  return Typed{node, std::move(type)};
}

std::optional<Typed> TensorBuilder::definition(const TensorExpr& expression,
                                               const std::string& name) {
  const auto& known = context_.graph->definitions;
  const auto entry = known.find(name);
  if (entry != known.end()) return Typed{entry->second.node, entry->second.type};
  std::vector<std::string> names;
  for (const auto& [other, value] : known) names.push_back(other);
  const std::string near = nearest(name, names);
  fault(expression, "E213", fmt::format("'define' has no tensor '{}'", escape_for_terminal(name)),
        expression.span,
        near.empty() ? "" : fmt::format("did you mean '{}'?", escape_for_terminal(near)));
  return std::nullopt;
}

/// True for a name that no operand has and that stands for a value.
bool TensorBuilder::names_number(const TensorExpr& expression) const {
  const bool operand =
      std::any_of(operands_.begin(), operands_.end(),
                  [&](const NamedOperand& named) { return named.name == expression.name; });
  return !operand && expression.expression && scope_.find(expression.name);
}

std::optional<Typed> TensorBuilder::operand(const TensorExpr& expression) {
  for (const NamedOperand& named : operands_) {
    if (named.name != expression.name) continue;
    if (named.is_repeated()) return one_of_repeated(expression, named);
    const auto known = built_.find(named.expression.get());
    if (known != built_.end()) return known->second;
    auto typed = context_.reads_finished ? probe(named) : build_one(*named.expression);
    if (typed) built_.emplace(named.expression.get(), *typed);
    return typed;
  }
  std::vector<std::string> names;
  for (const NamedOperand& named : operands_) names.push_back(named.name);
  for (const std::string& known : scope_.names()) names.push_back(known);
  const std::string near = nearest(expression.name, names);
  fault(expression, "E214",
        fmt::format("there is no operand '{}' here", escape_for_terminal(expression.name)),
        expression.span,
        near.empty() ? "a tensor is written source:name" : fmt::format("did you mean '{}'?", near));
  return std::nullopt;
}

std::vector<Typed> TensorBuilder::operands(const TensorExpr& expression) {
  if (expression.kind == TensorExpr::Kind::name) {
    for (const RepeatedOperand& several : instance_.repeated) {
      if (several.operand->name == expression.name) return repeated(several);
    }
  }
  return as_list(build_one(expression));
}

std::vector<Typed> TensorBuilder::repeated(const RepeatedOperand& several) {
  const auto known = built_items_.find(&several);
  if (known != built_items_.end()) return known->second;
  std::vector<Typed> items;
  for (std::size_t k = 0; k < several.items.size(); ++k) {
    const Instance& item = several.items[k];
    Context context = context_;
    context.key = fmt::format("{} {}[{}]", context_.key, several.operand->name, k);
    const Scope scope = scope_of(item.bindings, *context_.bound->globals);
    TensorBuilder builder(context, item, operands_, scope, diagnostics_);
    auto typed = builder.build_one(*several.operand->expression);
    if (!typed) return {};
    items.push_back(std::move(*typed));
  }
  built_items_.emplace(&several, items);
  return items;
}

/// Where one tensor is due.
std::optional<Typed> TensorBuilder::one_of_repeated(const TensorExpr& expression,
                                                    const NamedOperand& named) {
  std::vector<Typed> items = operands(expression);
  if (items.size() == 1) return std::move(items.front());
  if (!items.empty()) {
    fault(expression, "E312",
          fmt::format("the operand '{}' stands for {} tensors where one is due", named.name,
                      items.size()),
          expression.span, "combine: { linear: … }, stack, or another transform of several");
  }
  return std::nullopt;
}

/// What reading could not hold a call against, as one of its operands is repeated.
bool TensorBuilder::fits_arity(const TensorExpr& call, std::size_t inputs) {
  const TransformSpec& t = spec(call.transform);
  const bool fits = inputs >= t.min_inputs() && (t.variadic || inputs <= t.inputs.size());
  if (!fits) {
    fault(call, "E124",
          fmt::format("'{}' takes {}{} operand{}, here {} {}", t.name,
                      t.variadic ? "at least " : "", t.min_inputs(), t.min_inputs() == 1 ? "" : "s",
                      inputs == 1 ? "is" : "are", inputs),
          call.transform_span);
  }
  return fits;
}

/// A probe is the same on both sides of a check, whichever side names it first.
std::optional<Typed> TensorBuilder::probe(const NamedOperand& named) {
  std::string key = fmt::format("{} {}", context_.key, named.name);
  std::swap(context_.key, key);
  const int random_ops = std::exchange(random_ops_, 0);
  auto typed = build_one(*named.expression);
  random_ops_ = random_ops;
  context_.key = std::move(key);
  return typed;
}

std::vector<Typed> TensorBuilder::call(const TensorExpr& expression) {
  const CallArguments arguments(expression, scope_, diagnostics_);
  std::vector<Typed> inputs;
  bool good = arguments.ok();
  for (const TensorExprPtr& input : expression.inputs) {
    std::vector<Typed> typed = operands(*input);
    good = good && !typed.empty();
    std::move(typed.begin(), typed.end(), std::back_inserter(inputs));
  }
  if (!good || !fits_arity(expression, inputs.size())) return {};
  for (const Typed& input : inputs) {
    if (!whole_elements(input, expression)) return {};
  }
  if (expression.transform == Transform::split) return split(expression, arguments, inputs[0]);
  if (is_factorisation(expression.transform)) return low_rank(expression, arguments, inputs);
  auto result = single(expression, arguments, inputs);
  if (!result) return {};
  if (!checked_numel(result->type.shape())) {
    fault(expression, "E315", "the result is too large", expression.transform_span);
    return {};
  }
  return as_list(std::move(result));
}

std::optional<Typed> TensorBuilder::single(const TensorExpr& e, const CallArguments& a,
                                           std::vector<Typed>& x) {
  switch (e.transform) {
    case Transform::view:
      return view(e, a, std::move(x[0]));
    case Transform::permute:
      return permute(e, a, x[0]);
    case Transform::reshape:
      return reshape(e, a, std::move(x[0]));
    case Transform::tile:
      return tile(e, a, std::move(x[0]), true);
    case Transform::repeat:
      return tile(e, a, std::move(x[0]), false);
    case Transform::split_halves:
      return split_halves(e, a, x[0]);
    case Transform::slice:
    case Transform::keep:
    case Transform::drop:
    case Transform::gather:
      return select(e, a, std::move(x[0]));
    case Transform::pad:
    case Transform::crop:
    case Transform::fit:
    case Transform::resize:
      return resize(e, a, std::move(x[0]));
    case Transform::reverse:
      return reverse(e, a, x[0]);
    case Transform::mask:
      return mask(e, a, std::move(x[0]));
    case Transform::concat:
      return concat(e, a, x);
    case Transform::stack:
      return stack(e, a, x);
    case Transform::interleave:
      return interleave(e, a, x);
    case Transform::linear:
      return linear(e, a, x);
    case Transform::slerp:
    case Transform::nuslerp:
    case Transform::multislerp:
    case Transform::karcher:
    case Transform::model_stock:
    case Transform::task_arithmetic:
    case Transform::ties:
    case Transform::dare_linear:
    case Transform::dare_ties:
    case Transform::breadcrumbs:
    case Transform::breadcrumbs_ties:
    case Transform::della:
    case Transform::della_linear:
    case Transform::sce:
    case Transform::ram:
    case Transform::ramplus_tl:
    case Transform::nearswap:
    case Transform::arcee_fusion:
      return merge(e, a, x);
    case Transform::to_vocabulary:
      return to_vocabulary(e, a, x);
    case Transform::router:
      return router(e, a, x[0]);
    case Transform::multiply:
    case Transform::divide:
      return product(e, a, x);
    case Transform::sum:
    case Transform::mean:
    case Transform::norm:
    case Transform::max:
    case Transform::min:
    case Transform::max_abs:
    case Transform::dot:
    case Transform::cosine:
      return reduction(e, a, x);
    case Transform::keep_largest:
    case Transform::largest_mask:
      return largest(e, a, x[0]);
    case Transform::matmul:
    case Transform::reconstruct:
      return matmul(e, x[0], x[1]);
    case Transform::outer:
      return outer(e, x[0], x[1]);
    case Transform::transpose:
      return transpose(x[0], e.span);
    case Transform::lora_merge:
    case Transform::dora_merge:
      return merge_factors(e, a, x);
    case Transform::orthogonalize:
      return orthogonalize(e, a, x[0], x[1]);
    case Transform::rescale:
    case Transform::add:
    case Transform::norm_convention:
    case Transform::cast:
    case Transform::clamp:
    case Transform::noise:
    case Transform::abs:
    case Transform::sign:
    case Transform::sqrt:
    case Transform::exp:
    case Transform::log:
      return pointwise(e, a, x[0]);
    case Transform::zeros:
    case Transform::ones:
    case Transform::constant:
    case Transform::normal:
    case Transform::uniform:
    case Transform::identity:
      return initial(e, a);
    case Transform::table:
      return table(e, a);
    case Transform::split:
    case Transform::low_rank:
    case Transform::weighted_low_rank:
      break;  // have several results: handled by the caller
  }
  return std::nullopt;
}

Typed TensorBuilder::add(NodeData data, std::vector<NodeId> inputs, TensorType type, Span origin) {
  Node node{std::move(data), std::move(inputs), type.dtype, type.shape(), origin};
  return {context_.graph->add(std::move(node)), std::move(type)};
}

Typed TensorBuilder::affine(const Typed& x, double factor, double bias, Span origin) {
  return add(LinearOp{{factor}, bias}, {x.node}, x.type, origin);
}

std::optional<AxisPosition> TensorBuilder::axis(const Typed& x, const std::string& name,
                                                Span span) {
  auto found = find_axis(x.type, name);
  if (!found) {
    std::vector<std::string> names = {"rows", "columns"};
    for (const Dim& dim : x.type.dims) {
      for (const Axis& known : dim.axes) names.push_back(known.name);
    }
    const std::string near = nearest(name, names);
    diagnostics_.add(
        error("E301", fmt::format("the tensor has no axis '{}'", escape_for_terminal(name)))
            .at(span)
            .note(fmt::format("its axes are {}", describe_axes(x.type)))
            .hint(near.empty() || near == name ? "name axes with view: \"(head d) in\""
                                               : fmt::format("did you mean '{}'?", near)));
  }
  return found;
}

bool TensorBuilder::computable(const Typed& x, const TensorExpr& call) {
  if (is_arithmetic(x.type.dtype)) return true;
  fault(call, "E306",
        fmt::format("'{}' cannot compute with {} values", spec(call.transform).name,
                    name(x.type.dtype)),
        call.transform_span);
  return false;
}

bool TensorBuilder::whole_elements(const Typed& x, const TensorExpr& call) {
  if (bits(x.type.dtype) % 8 == 0) return true;
  fault(call, "E314",
        fmt::format("{} values are packed and can only be copied whole", name(x.type.dtype)),
        call.transform_span);
  return false;
}

void TensorBuilder::fault(const TensorExpr& call, std::string code, std::string message, Span span,
                          std::string hint) {
  (void)call;
  Diagnostic d = error(std::move(code), std::move(message)).at(span);
  note_bindings(d, instance_.bindings);
  d.help = std::move(hint);
  diagnostics_.add(std::move(d));
}

std::string TensorBuilder::random_key() {
  const int k = random_ops_++;
  return k == 0 ? context_.key : fmt::format("{}#{}", context_.key, k);
}

TensorType with_axis_size(TensorType type, const AxisPosition& at, std::int64_t size) {
  type.dims[at.dim].axes[at.axis].size = size;
  return type;
}

}  // namespace inarch
