#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/recipe/bind_config.h"
#include "compiler/recipe/bind_data.h"
#include "compiler/recipe/bind_except.h"
#include "compiler/recipe/bind_outputs.h"
#include "compiler/recipe/bind_sources.h"
#include "compiler/recipe/bind_states.h"
#include "compiler/recipe/bind_vocabulary.h"
#include "compiler/recipe/bound_recipe.h"
#include "compiler/recipe/compare_vocabularies.h"
#include "compiler/recipe/definition_order.h"
#include "compiler/recipe/expand.h"
#include "compiler/recipe/match_outputs.h"
#include "compiler/recipe/text_encoders.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::string describe_bindings(const Bindings& bindings) {
  std::vector<std::string> names;
  for (const auto& [name, value] : bindings) names.push_back("'" + name + "'");
  return names.empty() ? "'from' captures nothing, and there is no 'for'"
                       : fmt::format("known here: {}", join_names(names));
}

/// The value of a `--set` argument: a list or a mapping in brackets, else a scalar. Brackets that
/// do not fit are text, which no list or mapping takes.
Value argument_value(const std::string& text) {
  if (!text.empty() && (text.front() == '[' || text.front() == '{')) {
    SourceMap sources;
    Diagnostics faults;
    const auto node = read_yaml(sources, sources.add("--set", text), faults);
    if (node) return to_value(*node);
  }
  YamlNode scalar;
  scalar.kind = YamlNode::Kind::scalar;
  scalar.text = text;
  return scalar_value(scalar);
}

/// A mark for each tensor of each source.
using TensorFlags = std::vector<std::vector<bool>>;

class Binder {
 public:
  Binder(const Recipe& recipe, const BindOptions& options, SourceMap& texts,
         Diagnostics& diagnostics)
      : recipe_(recipe), options_(options), texts_(texts), diagnostics_(diagnostics) {
    bound_.recipe = &recipe;
    bound_.globals = std::make_unique<Scope>();
    bound_.globals->set_encoders(std::make_shared<TextEncoders>(options.read_text));
  }

  std::optional<BoundRecipe> bind() {
    const std::size_t before = diagnostics_.errors();
    bound_.measured_ranks = options_.measured_ranks;
    bind_params();
    bind_sources(recipe_, options_, bound_, diagnostics_);
    if (diagnostics_.errors() != before) return std::nullopt;
    for (const LetDecl& let : recipe_.lets) bound_.globals->set_lazy(let.name, let.expression);
    bind_data(recipe_, options_, texts_, bound_, diagnostics_);
    if (diagnostics_.errors() != before) return std::nullopt;
    bind_states(recipe_, options_, bound_, diagnostics_);
    if (diagnostics_.errors() != before) return std::nullopt;
    if (recipe_.vocabulary) bind_vocabulary(*recipe_.vocabulary, options_, bound_, diagnostics_);
    if (diagnostics_.errors() != before) return std::nullopt;
    if (!bind_outputs(bound_, options_, texts_, diagnostics_)) return std::nullopt;
    bind_rules();
    if (diagnostics_.errors() != before) return std::nullopt;
    if (!recipe_.vocabulary) compare_vocabularies(options_, bound_);
    check_outputs_written();
    check_unused();
    check_definitions_used();
    if (diagnostics_.errors() != before) return std::nullopt;
    return std::move(bound_);
  }

 private:
  // ---- params

  void bind_params() {
    std::map<std::string, std::string> given;
    for (const auto& [name, text] : options_.set) given[name] = text;
    for (const ParamDecl& param : recipe_.params) {
      auto value = evaluate_node(param.value, *bound_.globals, diagnostics_);
      if (!value) continue;
      const auto override_text = given.find(param.name);
      if (override_text != given.end()) {
        value = override_value(param, *value, override_text->second);
        given.erase(override_text);
        if (!value) continue;
      }
      bound_.globals->set(param.name, std::move(*value));
    }
    for (const auto& [name, text] : given) report_unknown_param(name);
  }

  std::optional<Value> override_value(const ParamDecl& param, const Value& was,
                                      const std::string& text) {
    const Value value = was.if_text() ? Value(text) : argument_value(text);
    const bool integer_for_real = was.if_real() && value.if_int();
    if (was.is_null() || was.kind() == value.kind() || integer_for_real) return value;
    diagnostics_.add(
        error("E161", fmt::format("--set {}={}: the recipe wants {}, not {}", param.name,
                                  escape_for_terminal(text), was.kind(), value.kind()))
            .at(param.value.span, "its default")
            .hint(fmt::format("--set {}={}", param.name, escape_for_terminal(to_text(was), 40))));
    return std::nullopt;
  }

  void report_unknown_param(const std::string& name) {
    std::vector<std::string> names;
    for (const ParamDecl& param : recipe_.params) names.push_back(param.name);
    const std::string near = nearest(name, names);
    const bool is_data = std::any_of(recipe_.data.begin(), recipe_.data.end(),
                                     [&](const DataDecl& data) { return data.name == name; });
    if (is_data) {
      diagnostics_.add(error("E160", fmt::format("'{}' is read from a file or a tensor, and --set "
                                                 "gives params alone",
                                                 name))
                           .in("--set")
                           .hint(fmt::format("params: {{ {}_file: … }} and data: {{ {}: "
                                             "\"${{{}_file}}\" }} make its path a param",
                                             name, name, name)));
      return;
    }
    diagnostics_.add(
        error("E160", fmt::format("the recipe has no param '{}'", escape_for_terminal(name)))
            .in("--set")
            .note(names.empty() ? "it has none" : fmt::format("params: {}", join_names(names, 20)))
            .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
  }

  // ---- rules

  void bind_rules() {
    TensorFlags none;
    for (const BoundSource& source : bound_.sources)
      none.emplace_back(source.checkpoint->tensors.size(), false);
    taken_.assign(recipe_.outputs.size(), none);
    const std::size_t before = diagnostics_.errors();
    for (const DefinitionTurn& turn : order_definitions(recipe_.definitions)) {
      const std::size_t first = bound_.instances.size();
      bind_rule(*turn.definition, turn.knows_what_it_reads);
      if (diagnostics_.errors() != before) return;  // others would miss what is not defined
      for (std::size_t k = first; k < bound_.instances.size(); ++k) {
        for (const ResultName& to : bound_.instances[k].to) bound_.definitions.add(to.name);
      }
    }
    definitions_ = bound_.instances.size();
    for (const Rule& rule : recipe_.rules) {
      if (!rule.rest) bind_rule(rule, true);
    }
    take_what_definitions_read();
    for (const Rule& rule : recipe_.rules) {
      if (rule.rest) bind_rule(rule, true);
    }
  }

  /// What a rule reads through definitions is taken as what it reads itself. A definition that
  /// nothing reads takes nothing from a rule of `rest`.
  void take_what_definitions_read() {
    const std::size_t defined = definitions_;
    if (defined == 0) return;
    std::map<std::string_view, std::size_t> number;
    for (std::size_t k = 0; k < defined; ++k) {
      for (const ResultName& to : bound_.instances[k].to) number.emplace(to.name, k);
    }
    for (std::size_t output = 0; output < taken_.size(); ++output) {
      std::vector<bool> seen(defined, false);
      std::vector<std::size_t> pending;
      const auto follow = [&](const RuleInstance& reader) {
        for (const Reference& reference : reader.instance.references) {
          const auto known = reference.source == defined_source ? number.find(reference.output_name)
                                                                : number.end();
          if (known == number.end() || seen[known->second]) continue;
          seen[known->second] = true;
          pending.push_back(known->second);
        }
      };
      for (std::size_t k = defined; k < bound_.instances.size(); ++k) {
        const auto& to = bound_.instances[k].to;
        const bool writes = std::any_of(to.begin(), to.end(),
                                        [&](const ResultName& r) { return r.output == output; });
        if (writes) follow(bound_.instances[k]);
      }
      while (!pending.empty()) {
        const RuleInstance& definition = bound_.instances[pending.back()];
        pending.pop_back();
        follow(definition);
        for (const Reference& reference : definition.instance.references) {
          if (!reference.is_of_recipe()) taken_[output][reference.source][reference.tensor] = true;
        }
      }
    }
  }

  void bind_rule(const Rule& rule, bool knows_definitions) {
    const auto excepted = excepted_by(rule, bound_, diagnostics_);
    if (!excepted) return;
    ExpandContext context{&bound_, knows_definitions ? &bound_.definitions : nullptr, nullptr,
                          rule.rest ? &taken_[outputs_of(rule).front()] : nullptr,
                          rule.except.empty() ? nullptr : &*excepted};
    ExpandRequest request;
    request.ranges = &rule.ranges;
    request.where = rule.where;
    request.where_span = rule.where_span;
    request.span = rule.span;
    request.may_be_empty = rule.is_one_of_several;
    for (const NamedOperand& operand : rule.operands) request.add(operand);
    collect_references(*rule.value, request.references);
    std::vector<Instance> instances = expand(request, context, diagnostics_);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> used;
    for (Instance& instance : instances) {
      for (const Reference& reference : instance.references) {
        if (!reference.is_of_recipe()) used.emplace_back(reference.source, reference.tensor);
      }
      if (!add_instance(rule, std::move(instance))) break;
    }
    for (const std::size_t output : outputs_of(rule)) {
      for (const auto& [source, tensor] : used) taken_[output][source][tensor] = true;
    }
  }

  /// Which of the recipe's outputs a rule writes to; a definition, none.
  std::vector<std::size_t> outputs_of(const Rule& rule) const {
    std::vector<std::size_t> outputs;
    for (std::size_t k = 0; k < recipe_.outputs.size(); ++k) {
      const bool writes = std::any_of(rule.to.begin(), rule.to.end(), [&](const Destination& to) {
        return !rule.is_definition && to.output == recipe_.outputs[k].name;
      });
      if (writes) outputs.push_back(k);
    }
    return outputs;
  }

  /// What a pattern of `to` is where everything in it is bound; E205 when something is not.
  std::optional<std::string> exact_name(const NamePattern& pattern, const Scope& scope,
                                        const Bindings& bindings) {
    bool open = false;
    auto name = fill_in(pattern, scope, open, diagnostics_);
    if (!name || !open) return name;
    std::vector<std::string> unbound;
    for (const std::string& capture : pattern.captures()) {
      if (!scope.find(capture)) unbound.push_back(capture);
    }
    diagnostics_.add(
        error("E205", fmt::format("'{}' is not captured by 'from' and no 'for' variable",
                                  join_names(unbound)))
            .at(pattern.span)
            .note(describe_bindings(bindings)));
    return std::nullopt;
  }

  bool add_instance(const Rule& rule, Instance instance) {
    RuleInstance bound{&rule, std::move(instance), {}};
    const Scope scope = scope_of(bound.instance.bindings, *bound_.globals);
    for (const Destination& to : rule.to) {
      auto name = exact_name(to.name, scope, bound.instance.bindings);
      if (!name) return false;
      if (name->empty() || name->front() == '.' || name->back() == '.' || *name == "__metadata__") {
        diagnostics_.add(
            error("E206", fmt::format("'{}' is no name for a tensor", escape_for_terminal(*name)))
                .at(to.name.span));
        return false;
      }
      std::uint32_t output = 0;
      if (!rule.is_definition) {
        if (to.index && !exact_name(*to.index, scope, bound.instance.bindings)) return false;
        const auto found = match_outputs({to.output, to.output_span, to.index}, recipe_,
                                         bound_.outputs, scope, diagnostics_);
        if (!found) return false;
        output = found->front().output;
      }
      bound.to.push_back({output, std::move(*name)});
    }
    bound_.instances.push_back(std::move(bound));
    return true;
  }

  /// A strict source leaves nothing unused but what it names under `ignore`. What is read as data
  /// is used.
  void check_unused() {
    for (const BoundData& data : bound_.data) {
      for (const auto& [source, tensor] : data.tensors) taken_.front()[source][tensor] = true;
    }
    for (const RuleInstance& instance : bound_.instances) {
      if (!instance.rule->is_definition) break;  // rules follow
      for (const Reference& reference : instance.instance.references) {
        if (!reference.is_of_recipe()) taken_.front()[reference.source][reference.tensor] = true;
      }
    }
    for (std::size_t s = 0; s < bound_.sources.size(); ++s) {
      const BoundSource& source = bound_.sources[s];
      if (!source.declaration->strict) continue;
      std::vector<bool> ignored(source.checkpoint->tensors.size(), false);
      for (const TensorFlags& taken : taken_) {
        for (std::size_t t = 0; t < ignored.size(); ++t) ignored[t] = ignored[t] || taken[s][t];
      }
      for (const NamePattern& pattern : source.declaration->ignore) {
        const auto resolved = resolve(pattern, *bound_.globals, diagnostics_);
        if (!resolved) continue;
        for (const auto& match : source.names.match(*resolved)) ignored[match.index] = true;
      }
      std::vector<std::string> unused;
      for (std::size_t t = 0; t < ignored.size(); ++t) {
        if (!ignored[t])
          unused.push_back("'" + escape_for_terminal(source.checkpoint->tensors[t].name) + "'");
      }
      if (unused.empty()) continue;
      diagnostics_.add(
          error("E210", fmt::format("{} tensor{} of the strict source '{}' {} not used",
                                    unused.size(), unused.size() == 1 ? "" : "s", source.name,
                                    unused.size() == 1 ? "is" : "are"))
              .at(source.declaration->span, "strict")
              .note(join_names(unused, 5))
              .hint("ignore: [pattern, …] names those that may be left out"));
    }
  }

  /// An output of its own name is there to be written to.
  void check_outputs_written() {
    if (bound_.outputs.empty()) {
      diagnostics_.add(error("E216", "there is no output: every list of them is empty")
                           .at(recipe_.outputs.front().ranges.front().values.span));
      return;
    }
    std::vector<bool> written(bound_.outputs.size(), !recipe_.has_named_outputs());
    for (const RuleInstance& instance : bound_.instances) {
      for (const ResultName& to : instance.to) {
        if (!instance.rule->is_definition) written[to.output] = true;
      }
    }
    for (std::size_t k = 0; k < written.size(); ++k) {
      if (written[k]) continue;
      const BoundOutput& output = bound_.outputs[k];
      diagnostics_.add(
          error("E216", fmt::format("nothing is written to the output '{}'", output.name))
              .at(output.declaration->span)
              .hint(fmt::format("to: \"{}:NAME\"", output.name)));
    }
  }

  /// Checks have not met the tensors yet: one that reads any definition may read each.
  void check_definitions_used() {
    std::set<std::string> used;
    for (const RuleInstance& instance : bound_.instances) {
      for (const Reference& reference : instance.instance.references) {
        if (reference.source == defined_source) used.insert(reference.output_name);
      }
    }
    std::vector<const TensorExpr*> in_checks;
    for (const CheckDecl& check : recipe_.checks) {
      for (const TensorExprPtr& tensor : check.tensors) collect_references(*tensor, in_checks);
      for (const NamedOperand& probe : check.probes)
        collect_references(*probe.expression, in_checks);
    }
    for (const TensorExpr* reference : in_checks) {
      if (reference->source == "define") return;
    }
    std::set<const Rule*> useful;
    for (const RuleInstance& instance : bound_.instances) {
      const auto is_used = [&](const ResultName& to) { return used.count(to.name) != 0; };
      if (std::any_of(instance.to.begin(), instance.to.end(), is_used))
        useful.insert(instance.rule);
    }
    for (const Rule& definition : recipe_.definitions) {
      if (useful.count(&definition) != 0 || definition.is_one_of_several) continue;
      diagnostics_.add(
          warning("W203",
                  fmt::format("nothing reads the definition '{}'", definition.to.front().name.text))
              .at(definition.to.front().name.span)
              .hint(fmt::format("from: \"define:{}\"", definition.to.front().name.text)));
    }
  }

  const Recipe& recipe_;
  const BindOptions& options_;
  SourceMap& texts_;
  Diagnostics& diagnostics_;
  BoundRecipe bound_;
  std::vector<TensorFlags> taken_;  // by the recipe's outputs
  std::size_t definitions_ = 0;     // instances of definitions, which come first
};

}  // namespace

std::optional<BoundRecipe> bind_recipe(const Recipe& recipe, const BindOptions& options,
                                       SourceMap& texts, Diagnostics& diagnostics) {
  return Binder(recipe, options, texts, diagnostics).bind();
}

}  // namespace inarch
