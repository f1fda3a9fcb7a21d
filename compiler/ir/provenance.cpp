#include "compiler/ir/provenance.h"

#include <algorithm>
#include <map>

#include "compiler/recipe/bind_except.h"
#include "compiler/recipe/expand.h"
#include "compiler/recipe/match_outputs.h"

namespace inarch {

namespace {

/// Where the outputs that are there can be found, as `out:` needs it.
OutputIndex index_outputs(const BoundRecipe& bound, const Graph& graph) {
  OutputIndex index(bound.outputs.size());
  for (std::size_t k = 0; k < graph.outputs.size(); ++k)
    index[graph.outputs[k].checkpoint].emplace(graph.outputs[k].name, k);
  return index;
}

const Output* find_output(const Graph& graph, const ResultName& to) {
  for (const Output& output : graph.outputs) {
    if (output.checkpoint == to.output && output.name == to.name) return &output;
  }
  return nullptr;
}

std::string operand_text(const BoundRecipe& bound, const Reference& reference) {
  if (reference.source == defined_source) return "define:" + reference.output_name;
  if (reference.source == output_source) {
    const std::string name = full_name(bound, {reference.tensor, reference.output_name});
    return bound.recipe->has_named_outputs() ? name : "out:" + name;
  }
  const BoundSource& source = bound.sources[reference.source];
  return source.name + ":" + source.checkpoint->tensors[reference.tensor].name;
}

/// Turns what a builder noted into steps that know each other by number.
class StepList {
 public:
  StepList(const BoundRecipe& bound, const Rule& rule) : bound_(bound), rule_(rule) {}

  void add(const BuiltStep& built) {
    const auto known = numbers_.find(built.expression);
    if (known != numbers_.end()) {
      if (built.reference && last_reference_[built.expression] != built.reference)
        ++steps_[known->second].left_out;
      return;
    }
    ProvenanceStep step;
    if (built.reference) {
      step.operand = operand_text(bound_, *built.reference);
      last_reference_[built.expression] = built.reference;
    }
    step.span = built.expression->span;
    inputs_of(*built.expression, step.inputs);
    for (const Typed& result : built.results) step.results.push_back(result.type);
    numbers_.emplace(built.expression, steps_.size());
    steps_.push_back(std::move(step));
  }

  std::vector<ProvenanceStep> take() { return std::move(steps_); }

 private:
  /// The steps that an expression reads: its own parts, or what they name.
  void inputs_of(const TensorExpr& expression, std::vector<std::size_t>& inputs) const {
    for (const TensorExprPtr& input : expression.inputs) {
      const TensorExpr* meant = input.get();
      for (const NamedOperand& named : rule_.operands) {
        if (meant->kind == TensorExpr::Kind::name && named.name == meant->name)
          meant = named.expression.get();
      }
      const auto known = numbers_.find(meant);
      if (known == numbers_.end()) {
        inputs_of(*meant, inputs);  // an operation within one that was noted whole
      } else if (std::find(inputs.begin(), inputs.end(), known->second) == inputs.end()) {
        inputs.push_back(known->second);
      }
    }
  }

  const BoundRecipe& bound_;
  const Rule& rule_;
  std::vector<ProvenanceStep> steps_;
  std::map<const TensorExpr*, std::size_t> numbers_;
  std::map<const TensorExpr*, const Reference*> last_reference_;
};

/// Whether `name` fits a pattern whose unknown parts may be any text.
bool could_be(const NamePattern& pattern, const Scope& scope, std::string_view name) {
  std::vector<std::string> literals = {""};  // between any two, any text
  for (const NamePattern::Part& part : pattern.parts) {
    Diagnostics ignored;
    std::optional<Value> value;
    if (part.expression && free_names(*part.expression, scope).empty())
      value = evaluate(*part.expression, scope, ignored);
    if (part.kind == NamePattern::Part::Kind::literal) {
      literals.back() += part.text;
    } else if (value) {
      literals.back() += to_text(*value);
    } else {
      literals.emplace_back();
    }
  }
  if (literals.size() == 1) return name == literals.front();
  if (!name.starts_with(literals.front())) return false;
  std::size_t at = literals.front().size();
  for (std::size_t k = 1; k + 1 < literals.size(); ++k) {
    at = name.find(literals[k], at);
    if (at == std::string_view::npos) return false;
    at += literals[k].size();
  }
  return name.size() >= at + literals.back().size() && name.ends_with(literals.back());
}

/// The instance of a rule without its condition that makes the tensor.
std::optional<Instance> instance_without_condition(const BoundRecipe& bound, const Rule& rule,
                                                   const NamePattern& to, const std::string& name) {
  Diagnostics ignored;
  ExpandContext context;
  context.bound = &bound;
  context.definitions = &bound.definitions;
  ExpandRequest request;
  request.ranges = &rule.ranges;
  request.span = rule.span;
  request.may_be_empty = true;
  for (const NamedOperand& operand : rule.operands) request.add(operand);
  collect_references(*rule.value, request.references);
  for (Instance& instance : expand(request, context, ignored)) {
    const Scope scope = scope_of(instance.bindings, *bound.globals);
    bool open = false;
    const auto made = fill_in(to, scope, open, ignored);
    if (made && !open && *made == name) return std::move(instance);
  }
  return std::nullopt;
}

bool holds(const Rule& rule, const Instance& instance, const BoundRecipe& bound) {
  if (!rule.where) return true;
  Diagnostics ignored;
  const auto value = evaluate(*rule.where, scope_of(instance.bindings, *bound.globals), ignored);
  return value && value->if_bool() && *value->if_bool();
}

/// Whether the rule's `except` takes something that the instance reads.
bool is_excepted(const Rule& rule, const Instance& instance, const BoundRecipe& bound) {
  Diagnostics ignored;
  const auto excepted = excepted_by(rule, bound, ignored);
  return excepted && !rule.except.empty() &&
         std::any_of(instance.references.begin(), instance.references.end(),
                     [&](const Reference& reference) {
                       return !reference.is_of_recipe() &&
                              (*excepted)[reference.source][reference.tensor];
                     });
}

void widen(Span& span, Span by) {
  if (!by.known() || by.file != span.file) return;
  span.begin = std::min(span.begin, by.begin);
  span.end = std::max(span.end, by.end);
}

void widen(Span& span, const TensorExpr& expression) {
  widen(span, expression.span);
  for (const TensorExprPtr& input : expression.inputs) widen(span, *input);
}

}  // namespace

std::optional<Provenance> find_provenance(const BoundRecipe& bound, const Targets& targets,
                                          Graph& graph, const RuleInstance& made_by,
                                          std::size_t result, Diagnostics& diagnostics) {
  const bool defined = made_by.rule->is_definition;
  const ResultName& first = made_by.to.front();
  const OutputIndex outputs = index_outputs(bound, graph);
  const auto& target = targets.at(defined ? 0 : first.output);
  const ArchTensor* wanted = defined || !target ? nullptr : target->find(first.name);
  std::vector<BuiltStep> built;
  TensorBuilder::Context context;
  context.graph = &graph;
  context.bound = &bound;
  context.outputs = &outputs;
  context.target = wanted ? &wanted->shape : nullptr;
  context.key = first.name;
  context.steps = &built;
  const Scope scope = scope_of(made_by.instance.bindings, *bound.globals);
  TensorBuilder builder(context, made_by.instance, made_by.rule->operands, scope, diagnostics);
  if (builder.build(*made_by.rule->value).empty()) return std::nullopt;
  Provenance provenance;
  provenance.made_by = &made_by;
  const ResultName& to = made_by.to[result];
  provenance.name = defined ? "define:" + to.name : full_name(bound, to);
  provenance.output = defined ? nullptr : find_output(graph, to);
  StepList steps(bound, *made_by.rule);
  for (const BuiltStep& step : built) {
    steps.add(step);
    if (!step.reference || step.reference->source != defined_source) continue;
    auto& read = provenance.definitions;
    if (std::find(read.begin(), read.end(), step.reference->output_name) == read.end())
      read.push_back(step.reference->output_name);
  }
  provenance.steps = steps.take();
  return provenance;
}

std::vector<UnusedRule> unused_rules(const BoundRecipe& bound, std::uint32_t output,
                                     const std::string& name, const Rule* maker) {
  std::vector<UnusedRule> unused;
  for (const Rule& rule : bound.recipe->rules) {
    if (&rule == maker) continue;
    for (const Destination& to : rule.to) {
      if (to.output != bound.outputs[output].declaration->name) continue;
      if (!could_be(to.name, *bound.globals, name)) continue;
      auto instance = instance_without_condition(bound, rule, to.name, name);
      if (!instance) continue;
      const Unused why = !holds(rule, *instance, bound)        ? Unused::condition
                         : is_excepted(rule, *instance, bound) ? Unused::except
                                                               : Unused::rest;
      unused.push_back({&rule, why, std::move(instance->bindings)});
      break;
    }
  }
  return unused;
}

Span extent_of(const Rule& rule) {
  Span span = rule.span;
  for (const NamedOperand& operand : rule.operands) widen(span, operand.span);
  for (const ForRange& range : rule.ranges) {
    widen(span, range.span);
    widen(span, range.values.span);
  }
  widen(span, rule.where_span);
  for (const ExceptDecl& except : rule.except) widen(span, except.pattern.span);
  if (rule.value) widen(span, *rule.value);
  for (const Destination& to : rule.to) {
    widen(span, to.name.span);
    widen(span, to.result_span);
  }
  widen(span, rule.dtype_span);
  for (const RecordDecl& record : rule.records) widen(span, record.value.span);
  if (rule.encode) widen(span, rule.encode->span);
  return span;
}

}  // namespace inarch
