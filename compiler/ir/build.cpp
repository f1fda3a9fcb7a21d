#include "compiler/ir/build.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"
#include "compiler/ir/topology.h"
#include "compiler/recipe/expand.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::string without_digits(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }),
             text.end());
  return text;
}

class GraphBuilder {
 public:
  GraphBuilder(const BoundRecipe& bound, const Target* target, Diagnostics& diagnostics)
      : bound_(bound), target_(target), diagnostics_(diagnostics) {}

  std::optional<Graph> build() {
    const std::size_t before = diagnostics_.errors();
    find_duplicates();
    const auto order = order_instances();
    if (diagnostics_.errors() != before || !order) return std::nullopt;
    for (const std::size_t k : *order) build_instance(bound_.instances[k]);
    if (target_) compare_with_target();
    if (diagnostics_.errors() != before) return std::nullopt;
    return std::move(graph_);
  }

 private:
  void find_duplicates() {
    for (std::size_t k = 0; k < bound_.instances.size(); ++k) {
      const bool defined = bound_.instances[k].rule->is_definition;
      for (const std::string& name : bound_.instances[k].to) {
        auto& known = defined ? definitions_ : makers_;
        const auto [entry, fresh] = known.emplace(name, k);
        if (fresh || !reported_duplicates_
                          .insert({bound_.instances[k].rule, bound_.instances[entry->second].rule})
                          .second)
          continue;
        const Rule& again = *bound_.instances[k].rule;
        const Rule& first = *bound_.instances[entry->second].rule;
        Diagnostic d =
            error("E211", &again == &first
                              ? fmt::format("this rule defines '{}' more than once",
                                            escape_for_terminal(name))
                              : fmt::format("two rules define '{}'", escape_for_terminal(name)))
                .at(again.to.front().span, "defined here");
        if (&again != &first) d.secondary.push_back({first.to.front().span, "and here"});
        if (&again == &first)
          d.notes.emplace_back(
              fmt::format("a capture of 'from' or a variable of 'for' is missing in {}",
                          defined ? "its name" : "'to'"));
        diagnostics_.add(std::move(d));
      }
    }
  }

  /// A rule that reads `out:…` or `define:…` comes after the one that makes it.
  std::optional<std::vector<std::size_t>> order_instances() {
    std::vector<std::pair<std::size_t, std::size_t>> edges;
    for (std::size_t k = 0; k < bound_.instances.size(); ++k) {
      for (const Reference& reference : bound_.instances[k].instance.references) {
        if (!is_of_recipe(*reference.expression)) continue;
        const auto& known = reference.source == defined_source ? definitions_ : makers_;
        const auto maker = known.find(reference.output_name);
        if (maker != known.end()) edges.emplace_back(maker->second, k);
      }
    }
    std::vector<std::size_t> cycle;
    auto order = topological_order(bound_.instances.size(), edges, cycle);
    if (order) return order;
    std::vector<std::string> names;
    for (const std::size_t k : cycle)
      names.push_back(escape_for_terminal(bound_.instances[k].to.front()));
    Diagnostic d =
        error("E212", fmt::format("outputs are defined by one another: {}", join_names(names)))
            .at(bound_.instances[cycle.front()].rule->span);
    for (const std::size_t k : cycle) {
      const Rule* rule = bound_.instances[k].rule;
      if (rule != bound_.instances[cycle.front()].rule && d.secondary.size() < 3)
        d.secondary.push_back({rule->span, "and here"});
    }
    diagnostics_.add(std::move(d));
    return std::nullopt;
  }

  void build_instance(const RuleInstance& instance) {
    if (failed_rules_.count(instance.rule) != 0)
      return;  // one instance's fault speaks for its rule
    if (reads_failed(instance)) {
      failed_rules_.insert(instance.rule);
      return;
    }
    const std::size_t before = diagnostics_.errors();
    const Scope scope = scope_of(instance.instance.bindings, *bound_.globals);
    const bool defined = instance.rule->is_definition;
    const ArchTensor* wanted = target_ && !defined ? target_->find(instance.to.front()) : nullptr;
    TensorBuilder::Context context;
    context.graph = &graph_;
    context.bound = &bound_;
    context.outputs = &outputs_;
    context.target = wanted ? &wanted->shape : nullptr;
    context.key = (defined ? "define:" : "") + instance.to.front();
    TensorBuilder builder(context, instance.instance, instance.rule->operands, scope, diagnostics_);
    // A tensor that the target does not have gives no shape; that is its first fault.
    if (defined) {
      if (const auto value = builder.build_one(*instance.rule->value))
        add_definition(instance.to.front(), *value);
    } else if (target_ && target_->strict && !wanted && !target_->accepts(instance.to.front())) {
      report_unknown(instance);
    } else {
      const std::vector<Typed> results = builder.build(*instance.rule->value);
      if (results.size() == instance.to.size()) {
        for (std::size_t k = 0; k < results.size(); ++k)
          add_output(instance, instance.to[k], results[k], scope);
      } else if (diagnostics_.errors() == before) {
        diagnostics_.add(
            error("E312", fmt::format("the rule makes {} tensor{} and names {}", results.size(),
                                      results.size() == 1 ? "" : "s", instance.to.size()))
                .at(instance.rule->to.front().span));
      }
    }
    if (diagnostics_.errors() != before) failed_rules_.insert(instance.rule);
  }

  /// True when a tensor that it reads could not be made, which has been said.
  bool reads_failed(const RuleInstance& instance) const {
    for (const Reference& reference : instance.instance.references) {
      if (!is_of_recipe(*reference.expression)) continue;
      const auto& known = reference.source == defined_source ? definitions_ : makers_;
      const auto maker = known.find(reference.output_name);
      if (maker != known.end() && failed_rules_.count(bound_.instances[maker->second].rule) != 0)
        return true;
    }
    return false;
  }

  /// Its axes are those of the whole tensor again, as after a rule.
  void add_definition(const std::string& name, const Typed& value) {
    TensorType type = make_type(value.type.dtype, value.type.shape());
    type.chosen = value.type.chosen;
    graph_.definitions.emplace(name, Definition{value.node, std::move(type)});
  }

  void add_output(const RuleInstance& instance, const std::string& name, const Typed& value,
                  const Scope& scope) {
    const ArchTensor* wanted = target_ ? target_->find(name) : nullptr;
    const auto dtype = choose_dtype(instance, value.type, wanted, scope);
    if (!dtype) return;
    Output output{name,
                  value.node,
                  *dtype,
                  value.type.shape(),
                  instance.rule->span,
                  wanted && wanted->buffer};
    if (wanted && !wanted->tied_to.empty() && target_->strict) {
      diagnostics_.add(error("E506", fmt::format("'{}' is tied to '{}' and must not be written",
                                                 escape_for_terminal(name), wanted->tied_to))
                           .at(instance.rule->to.front().span, "a loader would untie it")
                           .also(target_->span, "the target")
                           .hint("leave it out, or set tie_word_embeddings: false in the config"));
      return;
    }
    if (wanted && wanted->shape != output.shape) {
      diagnostics_.add(
          error("E503", fmt::format("'{}' has the shape {}, {} wants {}", escape_for_terminal(name),
                                    format_shape(output.shape), target_->architecture,
                                    format_shape(wanted->shape)))
              .at(instance.rule->span, fmt::format("gives {}", format_shape(output.shape)))
              .also(target_->span, "the target"));
      return;
    }
    outputs_.emplace(name, graph_.outputs.size());
    graph_.outputs.push_back(std::move(output));
  }

  /// The rule's dtype, else one that the architecture fixes, else the output's (for floats), else
  /// the operand's.
  std::optional<DType> choose_dtype(const RuleInstance& instance, const TensorType& type,
                                    const ArchTensor* wanted, const Scope& scope) {
    std::optional<DType> dtype;
    if (instance.rule->dtype) {
      const auto text = evaluate(*instance.rule->dtype, scope, diagnostics_);
      if (!text) return std::nullopt;
      dtype = dtype_from_recipe(to_text(*text));
      if (!dtype) {
        diagnostics_.add(
            error("E162", fmt::format("'{}' is no dtype", escape_for_terminal(to_text(*text))))
                .at(instance.rule->dtype_span)
                .note("dtypes: bf16, f16, f32, f64, f8_e4m3 and f8_e5m2"));
        return std::nullopt;
      }
    } else if (wanted && wanted->dtype) {
      dtype = wanted->dtype;
    } else if (!type.chosen) {
      dtype = bound_.dtype ? bound_.dtype : config_dtype();
    } else {
      const bool follows = bound_.dtype && is_arithmetic(type.dtype);
      dtype = follows ? bound_.dtype : type.dtype;
    }
    const bool unchanged = type.chosen && *dtype == type.dtype;
    if (unchanged || (is_arithmetic(*dtype) && (!type.chosen || is_arithmetic(type.dtype))))
      return dtype;
    diagnostics_.add(
        error("E306", fmt::format("{} values cannot become {}", inarch::name(type.dtype),
                                  inarch::name(*dtype)))
            .at(instance.rule->dtype ? instance.rule->dtype_span : instance.rule->span));
    return std::nullopt;
  }

  /// What the config says the weights are stored as; f32 when it says nothing.
  std::optional<DType> config_dtype() const {
    for (const char* key :
         {"dtype", "torch_dtype", "text_config.dtype", "text_config.torch_dtype"}) {
      const Value* entry = bound_.config ? bound_.config->find_path(key) : nullptr;
      const auto dtype =
          entry && entry->if_text() ? dtype_from_recipe(*entry->if_text()) : std::nullopt;
      if (dtype && is_arithmetic(*dtype)) return dtype;
    }
    return DType::f32;
  }

  void report_unknown(const RuleInstance& instance) {
    std::vector<std::string> names;
    for (const ArchTensor& tensor : target_->tensors) names.push_back(tensor.name);
    const std::string& name = instance.to.front();
    const std::string near = names.size() > 20000 ? "" : nearest(name, names);
    std::string help = near.empty() ? "" : fmt::format("did you mean '{}'?", near);
    if (!near.empty() && without_digits(near) == without_digits(name))
      help = "the output's config says how many there are: output: { config: { set: … } }";
    diagnostics_.add(error("E502", fmt::format("{} has no tensor '{}'", target_->architecture,
                                               escape_for_terminal(name)))
                         .at(instance.rule->to.front().span, "not in the target")
                         .also(target_->span, "the target")
                         .hint(std::move(help)));
  }

  /// Everything that the architecture asks for must be there.
  void compare_with_target() {
    if (!failed_rules_.empty()) return;  // what failed would be reported as missing once more
    std::vector<std::string> missing;
    for (const ArchTensor& tensor : target_->tensors) {
      if (tensor.required() && outputs_.find(tensor.name) == outputs_.end())
        missing.push_back(tensor.name);
    }
    if (missing.empty()) return;
    const std::string message = fmt::format(
        "{} tensor{} that {} needs {} not defined", missing.size(), missing.size() == 1 ? "" : "s",
        target_->architecture, missing.size() == 1 ? "is" : "are");
    Diagnostic d = target_->strict ? error("E501", message) : warning("W501", message);
    d.primary = {target_->span, "the target"};
    const std::vector<std::string> lines = summarize_names(missing);
    for (std::size_t k = 0; k < lines.size() && k < 8; ++k) d.notes.push_back(lines[k]);
    if (lines.size() > 8) d.notes.push_back(fmt::format("and {} more kinds", lines.size() - 8));
    diagnostics_.add(std::move(d));
  }

  const BoundRecipe& bound_;
  const Target* target_;
  Diagnostics& diagnostics_;
  Graph graph_;
  std::map<std::string, std::size_t, std::less<>> outputs_;
  std::map<std::string, std::size_t> makers_;       // output name → instance
  std::map<std::string, std::size_t> definitions_;  // name in `define` → instance
  std::set<std::pair<const Rule*, const Rule*>> reported_duplicates_;
  std::set<const Rule*> failed_rules_;
};

}  // namespace

const ArchTensor* Target::find(std::string_view name) const {
  const auto entry = by_name.find(name);
  return entry == by_name.end() ? nullptr : &tensors[entry->second];
}

bool Target::accepts(const std::string& name) const {
  if (!family) return false;
  TensorInfo tensor;
  tensor.name = name;
  return compare(*family, spelling, {}, {tensor}).accepted == 1;
}

std::optional<Graph> build_graph(const BoundRecipe& bound, const Target* target,
                                 Diagnostics& diagnostics) {
  return GraphBuilder(bound, target, diagnostics).build();
}

std::int64_t count_parameters(const Graph& graph) {
  std::int64_t count = 0;
  for (const Output& output : graph.outputs) {
    if (!output.is_buffer) count += numel(output.shape);
  }
  return count;
}

}  // namespace inarch
