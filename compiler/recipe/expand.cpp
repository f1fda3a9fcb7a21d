#include "compiler/recipe/expand.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/recipe/match_outputs.h"
#include "compiler/recipe/missing_tensor.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_canonical_integer(const std::string& text) {
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text[0] == '0')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A model of a trillion parameters has 150,000 tensors.
constexpr std::int64_t most_instances = 1'000'000;

class Expansion {
 public:
  Expansion(const ExpandRequest& request, const ExpandContext& context, Diagnostics& diagnostics)
      : request_(request), context_(context), diagnostics_(diagnostics) {}

  std::vector<Instance> run() {
    std::vector<Instance> instances(1);
    if (is_switch()) filter(instances);
    if (instances.empty() || failed_) return {};  // it is off
    for (const ForRange& range : *request_.ranges)
      instances = over_range(range, std::move(instances));
    for_driven_ = !request_.ranges->empty();
    if (failed_) return {};
    filter(instances);
    std::vector<const TensorExpr*> pending = request_.references;
    while (!pending.empty() && !instances.empty() && !failed_) {
      const TensorExpr* next = take_resolvable(pending, instances.front());
      instances = over_reference(*next, std::move(instances));
      filter(instances);
    }
    if (failed_) return {};
    if (request_.where && !filtered_) evaluate_where_anyway(instances);
    for (Instance& instance : instances) {
      for (const NamedOperand* operand : request_.repeated) repeat(*operand, instance);
      if (failed_) return {};
    }
    if (instances.empty() && !failed_ && excluded_ && !request_.may_be_empty) {
      diagnostics_.add(warning("W201", "this condition excludes everything the rule matches")
                           .at(request_.where_span.known() ? request_.where_span : request_.span,
                               "never true here"));
    }
    return failed_ ? std::vector<Instance>() : std::move(instances);
  }

 private:
  /// True for a condition that speaks of no variable of the ranges; filter() looks for captures.
  bool is_switch() const {
    if (!request_.where) return false;
    const std::set<std::string> names = free_names(*request_.where, *context_.bound->globals);
    return std::none_of(request_.ranges->begin(), request_.ranges->end(),
                        [&](const ForRange& range) {
                          return std::any_of(range.variables.begin(), range.variables.end(),
                                             [&](const auto& v) { return names.count(v) != 0; });
                        });
  }

  std::vector<Instance> over_range(const ForRange& range, std::vector<Instance> instances) {
    std::vector<Instance> next;
    for (const Instance& instance : instances) {
      const Scope scope = scope_of(instance.bindings, *context_.bound->globals);
      const auto values = range_values(range, scope, diagnostics_);
      if (!values) {
        failed_ = true;
        return {};
      }
      if (values->size() + next.size() > static_cast<std::size_t>(most_instances)) {
        report_too_many(range);
        return {};
      }
      for (const Value& value : *values) {
        next.push_back(instance);
        if (bind_variables(range, value, next.back().bindings, diagnostics_)) continue;
        failed_ = true;
        return {};
      }
    }
    return next;
  }

  /// One item for each value of an operand's own ranges; what they read, the instance reads.
  void repeat(const NamedOperand& operand, Instance& instance) {
    std::vector<Instance> items(1);
    items.front().bindings = instance.bindings;
    for (const ForRange& range : operand.ranges) items = over_range(range, std::move(items));
    if (!failed_ && items.empty()) report_empty(operand, instance);
    std::vector<const TensorExpr*> references;
    collect_references(*operand.expression, references);
    for_driven_ = true;
    for (const TensorExpr* reference : references) {
      if (failed_ || !names_one(*reference, items.front())) return;
      items = over_reference(*reference, std::move(items));
    }
    if (failed_) return;
    for (const Instance& item : items)
      instance.references.insert(instance.references.end(), item.references.begin(),
                                 item.references.end());
    instance.repeated.push_back({&operand, std::move(items)});
  }

  /// False, and E220, where a repeated operand's name captures: how many there are is what its
  /// `for` says.
  bool names_one(const TensorExpr& reference, const Instance& item) {
    const Scope scope = scope_of(item.bindings, *context_.bound->globals);
    const auto pattern = resolve(reference.pattern, scope, diagnostics_);
    const bool one =
        pattern && pattern->exact() && (!reference.index || is_resolvable(*reference.index, scope));
    if (pattern && !one) {
      diagnostics_.add(error("E220", "an operand with 'for' cannot capture")
                           .at(reference.span)
                           .note("it is one tensor for each value of its 'for'")
                           .hint("bind the capture in the rule's 'for', or by another operand"));
    }
    failed_ = failed_ || !one;
    return one;
  }

  void report_empty(const NamedOperand& operand, const Instance& instance) {
    Diagnostic d = error("E220", "this operand stands for no tensor at all")
                       .at(operand.ranges.front().values.span, "gives nothing");
    note_bindings(d, instance.bindings);
    diagnostics_.add(std::move(d));
    failed_ = true;
  }

  void report_too_many(const ForRange& range) {
    diagnostics_.add(
        error("E219", fmt::format("the ranges of 'for' make more than {} instances together",
                                  format_count(most_instances)))
            .at(range.span, "with this one")
            .hint("a variable may range over what those before it leave: [i + 1]"));
    failed_ = true;
  }

  /// References whose expressions are ready come first; when none is, the first one says what is
  /// missing.
  const TensorExpr* take_resolvable(std::vector<const TensorExpr*>& pending,
                                    const Instance& instance) {
    const Scope scope = scope_of(instance.bindings, *context_.bound->globals);
    auto ready = std::find_if(pending.begin(), pending.end(), [&](const TensorExpr* e) {
      const bool waits_for_names = pending.size() > 1 && is_found_later(*e);
      return !waits_for_names && is_resolvable(e->pattern, scope) &&
             (!e->index || is_resolvable(*e->index, scope));
    });
    if (ready == pending.end()) ready = pending.begin();
    const TensorExpr* chosen = *ready;
    pending.erase(ready);
    return chosen;
  }

  std::vector<Instance> over_reference(const TensorExpr& reference,
                                       std::vector<Instance> instances) {
    std::vector<Instance> next;
    std::optional<Diagnostic> missing;
    std::vector<std::string> missing_too;
    for (Instance& instance : instances) {
      const Scope scope = scope_of(instance.bindings, *context_.bound->globals);
      const auto pattern = resolve(reference.pattern, scope, diagnostics_);
      if (!pattern) {
        failed_ = true;
        return {};
      }
      const std::size_t before = next.size();
      left_out_ = false;
      if (!match(reference, *pattern, scope, instance, next)) {
        failed_ = true;
        return {};
      }
      if (next.size() != before || is_rest() || left_out_) continue;
      if (missing) {
        missing_too.push_back("'" + escape_for_terminal(wanted_name(reference, *pattern)) + "'");
      } else {
        missing = missing_tensor(reference, *pattern, instance, context_, for_driven_);
      }
    }
    if (!instances.empty()) settle_integers(instances.front().bindings.size(), next);
    if (missing && !missing_too.empty())
      missing->notes.push_back(fmt::format("nor {}", join_names(missing_too, 3)));
    if (missing) {
      diagnostics_.add(std::move(*missing));
      failed_ = true;
    }
    return next;
  }

  /// True for an output inside `tensors:` and a definition inside `define:`, whose names are not
  /// known yet.
  bool is_found_later(const TensorExpr& reference) const {
    if (reference.source == "define") return !context_.definitions;
    return !context_.outputs && names_output(reference.source, *context_.bound->recipe);
  }

  /// False on a fault, which has been added.
  bool match(const TensorExpr& reference, const ResolvedPattern& pattern, const Scope& scope,
             const Instance& instance, std::vector<Instance>& next) {
    if (reference.source == "define") return match_definitions(reference, pattern, instance, next);
    if (names_output(reference.source, *context_.bound->recipe))
      return match_output(reference, pattern, scope, instance, next);
    return match_sources(reference, pattern, scope, instance, next);
  }

  bool match_definitions(const TensorExpr& reference, const ResolvedPattern& pattern,
                         const Instance& instance, std::vector<Instance>& next) {
    if (!context_.definitions) return add_later(reference, pattern, {}, instance, next);
    for (auto& match : context_.definitions->tree.match(pattern)) {
      const std::string& name = context_.definitions->names[match.index];
      add_match({&reference, defined_source, 0, name}, match.captures, instance, next);
    }
    return true;
  }

  bool match_output(const TensorExpr& reference, const ResolvedPattern& pattern, const Scope& scope,
                    const Instance& instance, std::vector<Instance>& next) {
    const auto outputs =
        match_outputs({reference.source, reference.source_span, reference.index},
                      *context_.bound->recipe, context_.bound->outputs, scope, diagnostics_);
    if (!outputs) return false;
    if (!context_.outputs) return add_later(reference, pattern, *outputs, instance, next);
    for (const OutputMatch& output : *outputs) {
      const KnownNames& known = (*context_.outputs)[output.output];
      for (auto& match : known.tree.match(pattern)) {
        if (!join(output.captures, match.captures)) continue;
        add_match({&reference, output_source, output.output, known.names[match.index]},
                  match.captures, instance, next);
      }
    }
    return true;
  }

  /// A tensor of the recipe that may not be defined yet: it must be one, named in full.
  bool add_later(const TensorExpr& reference, const ResolvedPattern& pattern,
                 const std::vector<OutputMatch>& outputs, const Instance& instance,
                 std::vector<Instance>& next) {
    const bool is_output = reference.source != "define";
    const auto name = pattern.exact();
    if (!name || (is_output && !outputs.front().captures.empty())) {
      diagnostics_.add(error("E208", fmt::format("a reference to another {} cannot capture",
                                                 is_output ? "output" : "definition"))
                           .at(reference.span)
                           .note("its captures must be bound by a source or by 'for'")
                           .hint("for: { i: 0 .. 4 }"));
      return false;
    }
    next.push_back(instance);
    next.back().references.push_back({&reference, is_output ? output_source : defined_source,
                                      is_output ? outputs.front().output : 0, *name});
    return true;
  }

  /// Adds captures of an index to those of a name; false when they differ.
  /// Adds the captures of an index, each in its place. False where a name has another value for
  /// one.
  static bool join(const Captures& of_index, Captures& captures) {
    return std::all_of(of_index.begin(), of_index.end(), [&](const auto& capture) {
      const auto place = std::lower_bound(
          captures.begin(), captures.end(), capture.first,
          [](const auto& known, const std::string& name) { return known.first < name; });
      const bool is_known = place != captures.end() && place->first == capture.first;
      if (!is_known) captures.insert(place, capture);
      return !is_known || place->second == capture.second;
    });
  }

  bool match_sources(const TensorExpr& reference, const ResolvedPattern& pattern,
                     const Scope& scope, const Instance& instance, std::vector<Instance>& next) {
    std::optional<ResolvedPattern> index;
    if (reference.index) {
      index = resolve(*reference.index, scope, diagnostics_);
      if (!index) return false;
    }
    bool found = false;
    for (std::size_t s = 0; s < context_.bound->sources.size(); ++s) {
      const BoundSource& source = context_.bound->sources[s];
      if (source.declaration->name != reference.source) continue;
      if (source.declaration->is_list != static_cast<bool>(index)) {
        diagnostics_.add(
            error("E209",
                  source.declaration->is_list
                      ? fmt::format("'{}' is a list of sources: say which one", reference.source)
                      : fmt::format("'{}' is one source, not a list", reference.source))
                .at(reference.source_span)
                .also(source.declaration->span, "declared here")
                .hint(source.declaration->is_list ? fmt::format("{}[0]:… or {}[{{e}}]:…",
                                                                reference.source, reference.source)
                                                  : fmt::format("{}:…", reference.source)));
        return false;
      }
      found = true;
      Captures captures;
      if (index && !matches_index(source.name, *index, captures)) continue;
      for (auto& match : source.names.match(pattern)) {
        if (context_.taken && (*context_.taken)[s][match.index]) continue;
        if (context_.excepted && (*context_.excepted)[s][match.index]) {
          left_out_ = true;
          continue;
        }
        if (!join(captures, match.captures)) continue;
        add_match({&reference,
                   static_cast<std::uint32_t>(s),
                   static_cast<std::uint32_t>(match.index),
                   {}},
                  match.captures, instance, next);
      }
    }
    if (!found) report_unknown_source(reference);
    return found;
  }

  void add_match(Reference reference, Captures& captures, const Instance& instance,
                 std::vector<Instance>& next) {
    Instance& made = next.emplace_back();
    made.bindings.reserve(instance.bindings.size() + captures.size());
    made.bindings = instance.bindings;
    for (auto& [name, text] : captures)
      made.bindings.emplace_back(std::move(name), Value(std::move(text)));
    made.references.reserve(request_.references.size());
    made.references = instance.references;
    made.references.push_back(std::move(reference));
  }

  /// A capture that is digits in every match is an integer. `bound` bindings were there before.
  static void settle_integers(std::size_t bound, std::vector<Instance>& next) {
    if (next.empty()) return;
    for (std::size_t b = bound; b < next.front().bindings.size(); ++b) {
      const bool digits = std::all_of(next.begin(), next.end(), [&](const Instance& instance) {
        const auto* text = instance.bindings[b].second.if_text();
        return text && is_canonical_integer(*text);
      });
      for (std::size_t k = 0; k < next.size() && digits; ++k) {
        Value& value = next[k].bindings[b].second;
        value = Value(static_cast<std::int64_t>(std::stoll(*value.if_text())));
      }
    }
  }

  bool is_rest() const { return context_.taken != nullptr; }

  void filter(std::vector<Instance>& instances) {
    if (!request_.where || filtered_ || instances.empty()) return;
    const Scope probe = scope_of(instances.front().bindings, *context_.bound->globals);
    for (const std::string& name : free_names(*request_.where, probe)) {
      if (!probe.find(name)) return;  // a later reference may bind it
    }
    keep_where_true(instances);
  }

  void evaluate_where_anyway(std::vector<Instance>& instances) {
    if (!instances.empty()) keep_where_true(instances);
  }

  void keep_where_true(std::vector<Instance>& instances) {
    filtered_ = true;
    std::vector<Instance> kept;
    for (Instance& instance : instances) {
      const Scope scope = scope_of(instance.bindings, *context_.bound->globals);
      const auto value = evaluate(*request_.where, scope, diagnostics_);
      if (!value) {
        failed_ = true;
        return;
      }
      const bool* truth = value->if_bool();
      if (!truth) {
        diagnostics_.add(
            error("E151", fmt::format("a condition must be true or false, not {}", value->kind()))
                .at(request_.where_span));
        failed_ = true;
        return;
      }
      if (*truth) kept.push_back(std::move(instance));
    }
    excluded_ = kept.empty();
    instances = std::move(kept);
  }

  void report_unknown_source(const TensorExpr& reference) {
    std::vector<std::string> names;
    for (const BoundSource& source : context_.bound->sources) {
      const bool known = !names.empty() && names.back() == source.declaration->name;
      if (!known && !source.is_adapter()) names.push_back(source.declaration->name);
    }
    Diagnostic d =
        error("E202", fmt::format("there is no source '{}'", escape_for_terminal(reference.source)))
            .at(reference.source_span, "not declared under 'sources'");
    if (!names.empty()) d.notes.push_back(fmt::format("sources: {}", join_names(names)));
    for (const OutputDecl& output : context_.bound->recipe->outputs)
      names.push_back(output.name.empty() ? "out" : output.name);
    names.emplace_back("define");
    const std::string near = nearest(reference.source, names);
    if (!near.empty()) d.help = fmt::format("did you mean '{}'?", near);
    diagnostics_.add(std::move(d));
  }

  const ExpandRequest& request_;
  const ExpandContext& context_;
  Diagnostics& diagnostics_;
  bool for_driven_ = false;
  bool filtered_ = false;
  bool excluded_ = false;
  bool failed_ = false;
  bool left_out_ = false;  // `except` took what the reference at hand would have matched
};

}  // namespace

void ExpandRequest::add(const NamedOperand& operand) {
  if (operand.is_repeated()) {
    repeated.push_back(&operand);
  } else {
    collect_references(*operand.expression, references);
  }
}

const Reference* Instance::find(const TensorExpr* expression) const {
  for (const Reference& reference : references) {
    if (reference.expression == expression) return &reference;
  }
  return nullptr;
}

std::vector<const KnownNames*> names_of(const TensorExpr& reference, const ExpandContext& context) {
  if (reference.source == "define" && context.definitions) return {context.definitions};
  std::vector<const KnownNames*> known;
  const std::vector<BoundOutput>& outputs = context.bound->outputs;
  for (std::size_t k = 0; context.outputs && k < outputs.size(); ++k) {
    const std::string& name = outputs[k].declaration->name;
    if (reference.source == (name.empty() ? "out" : name)) known.push_back(&(*context.outputs)[k]);
  }
  return known;
}

void collect_references(const TensorExpr& expression, std::vector<const TensorExpr*>& references) {
  if (expression.kind == TensorExpr::Kind::reference) references.push_back(&expression);
  for (const TensorExprPtr& input : expression.inputs) collect_references(*input, references);
}

Scope scope_of(const Bindings& bindings, const Scope& parent) { return {&parent, &bindings}; }

std::optional<Value> evaluate_argument(const ArgumentValue& value, const Scope& scope,
                                       Diagnostics& diagnostics) {
  if (value.expression) return evaluate(*value.expression, scope, diagnostics);
  if (value.text) return evaluate(*value.text, scope, diagnostics);
  Value::List list;
  for (const ArgumentValue& item : value.list) {
    auto v = evaluate_argument(item, scope, diagnostics);
    if (!v) return std::nullopt;
    list.push_back(std::move(*v));
  }
  return Value(std::move(list));
}

std::optional<Value::List> range_values(const ForRange& range, const Scope& scope,
                                        Diagnostics& diagnostics) {
  auto value = evaluate_argument(range.values, scope, diagnostics);
  if (!value) return std::nullopt;
  if (auto* list = value->if_list()) return std::move(*list);
  diagnostics.add(error("E207", fmt::format("'{}' must range over a list, not {}",
                                            fmt::join(range.variables, ", "), value->kind()))
                      .at(range.values.span)
                      .hint(value->if_int() ? fmt::format("{}: 0 .. {}", range.variables.front(),
                                                          *value->if_int())
                                            : ""));
  return std::nullopt;
}

bool bind_variables(const ForRange& range, const Value& value, Bindings& bindings,
                    Diagnostics& diagnostics) {
  std::vector<std::pair<std::string, const Value*>> taken;
  if (const auto fault = take_apart(range.variables, value, taken)) {
    diagnostics.add(
        error("E207", *fault)
            .at(range.values.span)
            .also(range.span, fmt::format("{} variables", range.variables.size()))
            .hint(value.if_list() ? "" : "enumerate(list) and zip(a, b) make lists of pairs"));
    return false;
  }
  for (auto& [name, part] : taken) bindings.emplace_back(std::move(name), *part);
  return true;
}

std::vector<Instance> expand(const ExpandRequest& request, const ExpandContext& context,
                             Diagnostics& diagnostics) {
  return Expansion(request, context, diagnostics).run();
}

}  // namespace inarch
