#include "compiler/ir/build.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "compiler/core/name_index.h"
#include "compiler/ir/decoded.h"
#include "compiler/ir/encoded.h"
#include "compiler/ir/linear_weights.h"
#include "compiler/ir/tensor_builder.h"
#include "compiler/ir/topology.h"
#include "compiler/recipe/expand.h"
#include "compiler/recipe/match_outputs.h"
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
  GraphBuilder(const BoundRecipe& bound, const Targets& targets, Diagnostics& diagnostics)
      : bound_(bound),
        targets_(targets),
        diagnostics_(diagnostics),
        outputs_(bound.outputs.size()),
        makers_(bound.outputs.size()) {}

  std::optional<Graph> build() {
    const std::size_t before = diagnostics_.errors();
    find_duplicates(true);
    find_duplicates(false);
    index_makers();
    const auto order = order_instances();
    if (diagnostics_.errors() != before || !order) return std::nullopt;
    constexpr std::size_t usual_nodes = 3;  // of an instance: two parts and what they decode to
    graph_.nodes.reserve(usual_nodes * order->size());
    graph_.outputs.reserve(order->size());
    for (const std::size_t k : *order) build_instance(bound_.instances[k]);
    for (std::size_t k = 0; k < targets_.size(); ++k) {
      if (targets_[k]) compare_with_target(*targets_[k], k);
    }
    compare_part_names();
    if (diagnostics_.errors() != before) return std::nullopt;
    return std::move(graph_);
  }

 private:
  void find_duplicates(bool defined) {
    struct Made {
      const ResultName* to;
      std::size_t instance;
    };
    struct Twice {
      const Made* first;
      const Made* again;
    };
    std::vector<std::vector<Made>> made(bound_.outputs.size());  // by output
    std::vector<Twice> repeated;
    for (std::size_t k = 0; k < bound_.instances.size(); ++k) {
      if (bound_.instances[k].rule->is_definition != defined) continue;
      for (const ResultName& to : bound_.instances[k].to) made[to.output].push_back({&to, k});
    }
    for (const std::vector<Made>& of_output : made) {
      const auto name_of = [&](std::size_t i) -> std::string_view { return of_output[i].to->name; };
      const NameIndex index(of_output.size(), name_of);
      for (const std::uint32_t i : index.repeated(name_of)) {
        const Made& again = of_output[i];
        const Made& first = of_output[*index.find(again.to->name, name_of)];
        repeated.push_back({&first, &again});
      }
    }
    std::sort(repeated.begin(), repeated.end(),
              [](const auto& a, const auto& b) { return a.again->instance < b.again->instance; });
    for (const auto& [first, again] : repeated) {
      report_duplicate(*again->to, *bound_.instances[first->instance].rule,
                       *bound_.instances[again->instance].rule);
    }
  }

  void report_duplicate(const ResultName& to, const Rule& first, const Rule& again) {
    if (!reported_duplicates_.insert({&again, &first}).second) return;
    const std::string name = escape_for_terminal(full_name(bound_, to));
    Diagnostic d =
        error("E211", &again == &first ? fmt::format("this rule defines '{}' more than once", name)
                                       : fmt::format("two rules define '{}'", name))
            .at(again.to.front().name.span, "defined here");
    if (&again != &first) d.secondary.push_back({first.to.front().name.span, "and here"});
    if (&again == &first)
      d.notes.emplace_back(
          fmt::format("a capture of 'from' or a variable of 'for' is missing in {}",
                      again.is_definition ? "its name" : "'to'"));
    diagnostics_.add(std::move(d));
  }

  /// Who makes what, where any rule asks.
  void index_makers() {
    reads_recipe_ = std::any_of(
        bound_.instances.begin(), bound_.instances.end(), [](const RuleInstance& instance) {
          const auto& references = instance.instance.references;
          return std::any_of(references.begin(), references.end(),
                             [](const Reference& reference) { return reference.is_of_recipe(); });
        });
    if (!reads_recipe_) return;
    for (std::size_t k = 0; k < bound_.instances.size(); ++k) {
      const bool defined = bound_.instances[k].rule->is_definition;
      for (const ResultName& to : bound_.instances[k].to)
        (defined ? definitions_ : makers_[to.output]).emplace(to.name, k);
    }
  }

  /// The instance that makes a tensor of the recipe; nothing for a source's.
  std::optional<std::size_t> maker_of(const Reference& reference) const {
    if (!reference.is_of_recipe()) return std::nullopt;
    const auto& known =
        reference.source == defined_source ? definitions_ : makers_[reference.tensor];
    const auto maker = known.find(reference.output_name);
    return maker == known.end() ? std::nullopt : std::optional(maker->second);
  }

  const Target* target_of(const ResultName& result) const {
    const auto& target = targets_[result.output];
    return target ? &*target : nullptr;
  }

  /// A rule that reads `out:…` or `define:…` comes after the one that makes it.
  std::optional<std::vector<std::size_t>> order_instances() {
    std::vector<std::pair<std::size_t, std::size_t>> edges;
    for (std::size_t k = 0; k < bound_.instances.size(); ++k) {
      for (const Reference& reference : bound_.instances[k].instance.references) {
        if (const auto maker = maker_of(reference)) edges.emplace_back(*maker, k);
      }
    }
    if (edges.empty()) {
      std::vector<std::size_t> as_written(bound_.instances.size());
      std::iota(as_written.begin(), as_written.end(), std::size_t{0});
      return as_written;
    }
    std::vector<std::size_t> cycle;
    auto order = topological_order(bound_.instances.size(), edges, cycle);
    if (order) return order;
    std::vector<std::string> names;
    for (const std::size_t k : cycle)
      names.push_back(escape_for_terminal(full_name(bound_, bound_.instances[k].to.front())));
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
    const ResultName& first = instance.to.front();
    const Target* target = defined ? nullptr : target_of(first);
    const ArchTensor* wanted = target ? target->find(first.name) : nullptr;
    TensorBuilder::Context context;
    context.graph = &graph_;
    context.bound = &bound_;
    context.outputs = &outputs_;
    context.target = wanted ? &wanted->shape : nullptr;
    context.key = (defined ? "define:" : "") + first.name;
    TensorBuilder builder(context, instance.instance, instance.rule->operands, scope, diagnostics_);
    // A tensor that the target does not have gives no shape; that is its first fault.
    if (defined) {
      define(instance, builder);
    } else if (target && target->strict && !wanted && !target->accepts(first.name)) {
      report_unknown(instance, *target);
    } else {
      const std::vector<Typed> results = builder.build(*instance.rule->value);
      if (results.size() == instance.to.size()) {
        for (std::size_t k = 0; k < results.size(); ++k)
          add_output(instance, instance.to[k], results[k], scope);
        if (!instance.rule->records.empty()) record(instance, results);
      } else if (diagnostics_.errors() == before) {
        diagnostics_.add(
            error("E312", fmt::format("the rule makes {} tensor{} and names {}", results.size(),
                                      results.size() == 1 ? "" : "s", instance.to.size()))
                .at(instance.rule->to.front().name.span));
      }
    }
    if (diagnostics_.errors() != before) failed_rules_.insert(instance.rule);
  }

  void record(const RuleInstance& instance, const std::vector<Typed>& results) {
    Scope scope = scope_of(instance.instance.bindings, *bound_.globals);
    Value::List made;
    for (const Typed& result : results) {
      Value::List shape;
      for (const std::int64_t size : result.type.shape()) shape.emplace_back(size);
      made.emplace_back(std::move(shape));
    }
    scope.set("made", Value(std::move(made)));
    graph_.records.add(*instance.rule, instance, scope, diagnostics_);
  }

  /// True when a tensor that it reads could not be made, which has been said.
  bool reads_failed(const RuleInstance& instance) const {
    for (const Reference& reference : instance.instance.references) {
      const auto maker = maker_of(reference);
      if (maker && failed_rules_.count(bound_.instances[*maker].rule) != 0) return true;
    }
    return false;
  }

  void define(const RuleInstance& instance, TensorBuilder& builder) {
    const TensorExpr& value = *instance.rule->value;
    if (instance.to.size() == 1) {
      if (const auto typed = builder.build_one(value))
        add_definition(instance.to.front().name, *typed);
      return;
    }
    const std::vector<Typed> results = builder.build(value);
    for (std::size_t k = 0; k < std::min(results.size(), instance.to.size()); ++k)
      add_definition(instance.to[k].name, results[k]);
  }

  /// Its axes are those of the whole tensor again, as after a rule.
  void add_definition(const std::string& name, const Typed& value) {
    TensorType type = make_type(value.type.dtype, value.type.shape());
    type.chosen = value.type.chosen;
    graph_.definitions.emplace(name, Definition{value.node, std::move(type)});
  }

  void add_output(const RuleInstance& instance, const ResultName& to, const Typed& value,
                  const Scope& scope) {
    const Target* target = target_of(to);
    const std::string& name = to.name;
    const ArchTensor* wanted = target ? target->find(name) : nullptr;
    const auto dtype = choose_dtype(instance, bound_.outputs[to.output], value, wanted, scope);
    if (!dtype) return;
    Output output{to.output,
                  name,
                  value.node,
                  *dtype,
                  value.type.shape(),
                  instance.rule->span,
                  wanted && wanted->buffer};
    if (wanted && !wanted->tied_to.empty() && target->strict) {
      diagnostics_.add(error("E506", fmt::format("'{}' is tied to '{}' and must not be written",
                                                 escape_for_terminal(name), wanted->tied_to))
                           .at(instance.rule->to.front().name.span, "a loader would untie it")
                           .also(target->span, "the target")
                           .hint("leave it out, or set tie_word_embeddings: false in the config"));
      return;
    }
    if (wanted && wanted->shape != output.shape) {
      diagnostics_.add(
          error("E503", fmt::format("'{}' has the shape {}, {} wants {}", escape_for_terminal(name),
                                    format_shape(output.shape), target->architecture,
                                    format_shape(wanted->shape)))
              .at(instance.rule->span, fmt::format("gives {}", format_shape(output.shape)))
              .also(target->span, "the target"));
      return;
    }
    const auto spec = encoding_asked(instance, output, wanted, scope);
    if (!spec) return;
    if (stays_encoded(instance, output, value, wanted, *spec)) {
      if (!store_as_source(instance, output)) return;
    } else if (*spec && (*spec)->kind != EncodingKind::none) {
      if (!store_encoded(instance, output, **spec)) return;
    }
    if (reads_recipe_) outputs_[to.output].emplace(name, graph_.outputs.size());
    graph_.outputs.push_back(std::move(output));
  }

  /// What the rule says the tensor is stored as, else what its output says of linear weights; an
  /// empty one when neither says anything. Nothing on a fault.
  std::optional<std::optional<EncodingSpec>> encoding_asked(const RuleInstance& instance,
                                                            const Output& output,
                                                            const ArchTensor* wanted,
                                                            const Scope& scope) {
    if (instance.rule->encode) {
      auto spec = bind_encoding(*instance.rule->encode, scope, diagnostics_);
      if (!spec) return std::nullopt;
      return spec;
    }
    const auto& general = bound_.outputs[output.checkpoint].encode;
    std::optional<EncodingSpec> none;
    if (!general || instance.rule->dtype || (wanted && wanted->dtype)) return none;
    if (general->kind == EncodingKind::none) return general;
    const bool fits = is_linear_weight(output.name, output.shape, output.dtype) &&
                      can_encode(*general, output.shape);
    return fits ? general : none;
  }

  /// A tensor that is only copied stays as it is stored, unless somebody asks for a dtype or for
  /// another encoding.
  bool stays_encoded(const RuleInstance& instance, const Output& output, const Typed& value,
                     const ArchTensor* wanted, const std::optional<EncodingSpec>& spec) const {
    const SourceTensor* leaf = graph_.encoded_value(value.node);
    if (leaf == nullptr) return false;
    const Checkpoint& checkpoint = *bound_.sources[leaf->source].checkpoint;
    const TensorInfo& tensor = checkpoint.tensors[leaf->tensor];
    if (tensor.shape != output.shape) return false;
    if (spec) {
      return spec->kind != EncodingKind::none &&
             is_stored_as(checkpoint.encoded[static_cast<std::size_t>(tensor.encoded)], *spec);
    }
    return !instance.rule->dtype && !(wanted && wanted->dtype) &&
           !bound_.outputs[output.checkpoint].dtype.has_value();
  }

  bool store_encoded(const RuleInstance& instance, Output& output, const EncodingSpec& spec) {
    const Span where = instance.rule->encode ? instance.rule->encode->span : instance.rule->span;
    if (module_of_weight(output.name).empty()) {
      diagnostics_.add(
          error("E317",
                fmt::format("'{}' is to be encoded, and its parts can only be named after a "
                            "name that ends in '.weight'",
                            escape_for_terminal(output.name)))
              .at(instance.rule->to.front().name.span)
              .also(where, "asked for here"));
      return false;
    }
    const bool matrix = output.shape.size() == 2 && numel(output.shape) > 0;
    const bool numbers = is_arithmetic(output.dtype);
    if (!matrix || !numbers || !can_encode(spec, output.shape)) {
      diagnostics_.add(
          error("E319", fmt::format("'{}' cannot be encoded so: it is {} {}",
                                    escape_for_terminal(output.name), inarch::name(output.dtype),
                                    format_shape(output.shape)))
              .at(where)
              .note("matrices of numbers can be; rows of mxfp4 consist of groups of "
                    "32"));
      return false;
    }
    const bool usual = output.dtype == DType::bf16 || output.dtype == DType::f16;
    if (!usual) output.dtype = DType::f32;
    output.storage = static_cast<std::int32_t>(graph_.storages.size());
    graph_.storages.push_back(add_encoded(
        graph_, spec, {output.node, output.name, output.dtype, output.shape, output.origin}));
    return true;
  }

  bool store_as_source(const RuleInstance& instance, Output& output) {
    const SourceTensor leaf = *graph_.encoded_value(output.node);
    const Checkpoint& checkpoint = *bound_.sources[leaf.source].checkpoint;
    Storage storage = storage_of(graph_, checkpoint, leaf, output.node);
    if (!output.name.ends_with(storage.ending)) {
      diagnostics_.add(
          error("E317",
                fmt::format("'{}' stays encoded ({}), and its parts can only be named after "
                            "a name that ends in '{}'",
                            escape_for_terminal(output.name), describe(*storage.encoding),
                            storage.ending))
              .at(instance.rule->to.front().name.span)
              .hint("give the rule a dtype, and it is decoded: dtype: bf16"));
      return false;
    }
    output.storage = static_cast<std::int32_t>(graph_.storages.size());
    graph_.storages.push_back(std::move(storage));
    return true;
  }

  /// A part of an encoded tensor may have the name that a rule gives to another.
  void compare_part_names() {
    if (graph_.storages.empty()) return;
    std::vector<std::set<std::string, std::less<>>> names(bound_.outputs.size());
    for (const Output& output : graph_.outputs) names[output.checkpoint].insert(output.name);
    for (const Output& output : graph_.outputs) {
      if (output.storage < 0) continue;
      const Storage& storage = graph_.storages[static_cast<std::size_t>(output.storage)];
      for (const Storage::Part& part : storage.parts) {
        const std::string name = part_name(output, storage, part);
        if (name == output.name || names[output.checkpoint].insert(name).second) continue;
        diagnostics_.add(
            error("E211", fmt::format("'{}' is a part of the encoded '{}', and is "
                                      "defined once more",
                                      escape_for_terminal(name), escape_for_terminal(output.name)))
                .at(output.origin));
        return;
      }
    }
  }

  /// The rule's dtype, else one that the architecture fixes, else the output's (for floats), else
  /// the operand's.
  std::optional<DType> choose_dtype(const RuleInstance& instance, const BoundOutput& output,
                                    const Typed& value, const ArchTensor* wanted,
                                    const Scope& scope) {
    const TensorType& type = value.type;
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
      dtype = output.dtype ? output.dtype : config_dtype(output);
    } else {
      const bool follows = output.dtype && is_arithmetic(type.dtype);
      dtype = follows ? output.dtype : type.dtype;
    }
    const bool unchanged = type.chosen && *dtype == type.dtype;
    if (unchanged || (is_arithmetic(*dtype) && (!type.chosen || is_arithmetic(type.dtype))))
      return dtype;
    if (!type.chosen && can_be_stored_as(graph_, value.node, *dtype)) return dtype;
    diagnostics_.add(
        error("E306", fmt::format("{} values cannot become {}", inarch::name(type.dtype),
                                  inarch::name(*dtype)))
            .at(instance.rule->dtype ? instance.rule->dtype_span : instance.rule->span));
    return std::nullopt;
  }

  /// What the config says the weights are stored as; f32 when it says nothing.
  static DType config_dtype(const BoundOutput& output) {
    for (const char* key :
         {"dtype", "torch_dtype", "text_config.dtype", "text_config.torch_dtype"}) {
      const Value* entry = output.config ? output.config->find_path(key) : nullptr;
      const auto dtype =
          entry && entry->if_text() ? dtype_from_recipe(*entry->if_text()) : std::nullopt;
      if (dtype && is_arithmetic(*dtype)) return *dtype;
    }
    return DType::f32;
  }

  void report_unknown(const RuleInstance& instance, const Target& target) {
    std::vector<std::string> names;
    for (const ArchTensor& tensor : target.tensors) names.push_back(tensor.name);
    const std::string& name = instance.to.front().name;
    const std::string near = names.size() > 20000 ? "" : nearest(name, names);
    std::string help = near.empty() ? "" : fmt::format("did you mean '{}'?", near);
    if (!near.empty() && without_digits(near) == without_digits(name))
      help = "the output's config says how many there are: output: { config: { set: … } }";
    diagnostics_.add(error("E502", fmt::format("{} has no tensor '{}'", target.architecture,
                                               escape_for_terminal(name)))
                         .at(instance.rule->to.front().name.span, "not in the target")
                         .also(target.span, "the target")
                         .hint(std::move(help)));
  }

  /// Everything that the architecture asks for must be there.
  void compare_with_target(const Target& target, std::size_t output) {
    if (!failed_rules_.empty()) return;  // what failed would be reported as missing once more
    std::vector<const Output*> made;
    for (const Output& tensor : graph_.outputs) {
      if (tensor.checkpoint == output) made.push_back(&tensor);
    }
    const auto name_of = [&](std::size_t i) -> std::string_view { return made[i]->name; };
    const NameIndex names(made.size(), name_of);
    std::vector<std::string> missing;
    for (const ArchTensor& tensor : target.tensors) {
      if (tensor.required() && !names.find(tensor.name, name_of)) missing.push_back(tensor.name);
    }
    if (missing.empty()) return;
    const std::string& which = bound_.outputs[output].name;
    const std::string message = fmt::format("{} tensor{} that {} needs {} not defined{}",
                                            missing.size(), missing.size() == 1 ? "" : "s",
                                            target.architecture, missing.size() == 1 ? "is" : "are",
                                            which.empty() ? "" : fmt::format(" in '{}'", which));
    Diagnostic d = target.strict ? error("E501", message) : warning("W501", message);
    d.primary = {target.span, "the target"};
    const std::vector<std::string> lines = summarize_names(missing);
    for (std::size_t k = 0; k < lines.size() && k < 8; ++k) d.notes.push_back(lines[k]);
    if (lines.size() > 8) d.notes.push_back(fmt::format("and {} more kinds", lines.size() - 8));
    diagnostics_.add(std::move(d));
  }

  const BoundRecipe& bound_;
  const Targets& targets_;
  Diagnostics& diagnostics_;
  Graph graph_;
  bool reads_recipe_ = false;  // whether any rule reads what another makes
  OutputIndex outputs_;
  std::vector<std::map<std::string, std::size_t>> makers_;  // by output: name → instance
  std::map<std::string, std::size_t> definitions_;          // name in `define` → instance
  std::set<std::pair<const Rule*, const Rule*>> reported_duplicates_;
  std::set<const Rule*> failed_rules_;
};

}  // namespace

const ArchTensor* Target::find(std::string_view name) const {
  const auto index =
      by_name.find(name, [&](std::size_t i) -> std::string_view { return tensors[i].name; });
  return index ? &tensors[*index] : nullptr;
}

bool Target::accepts(std::string_view name) const {
  NameTree one;
  one.add(name, 0);
  return std::any_of(accepted.begin(), accepted.end(),
                     [&](const ResolvedPattern& pattern) { return !one.match(pattern).empty(); });
}

std::optional<Graph> build_graph(const BoundRecipe& bound, const Targets& targets,
                                 Diagnostics& diagnostics) {
  return GraphBuilder(bound, targets, diagnostics).build();
}

}  // namespace inarch
