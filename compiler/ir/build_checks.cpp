#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/build.h"
#include "compiler/ir/build_logits_checks.h"
#include "compiler/ir/tensor_builder.h"
#include "compiler/recipe/match_outputs.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

class CheckBuilder {
 public:
  CheckBuilder(const BoundRecipe& bound, const Targets& targets, const RunsModel& runs,
               Graph& graph, Diagnostics& diagnostics)
      : bound_(bound),
        targets_(targets),
        runs_(runs),
        graph_(graph),
        diagnostics_(diagnostics),
        index_(bound.outputs.size()),
        known_(bound.outputs.size()) {
    for (std::size_t k = 0; k < graph.outputs.size(); ++k) {
      const Output& output = graph.outputs[k];
      index_[output.checkpoint].emplace(output.name, k);
      known_[output.checkpoint].add(output.name);
    }
  }

  void build() {
    for (const CheckDecl& check : bound_.recipe->checks) build_check(check);
  }

 private:
  using K = CheckDecl::Kind;

  void build_check(const CheckDecl& check) {
    switch (check.kind) {
      case K::parameters:
      case K::tensors:
      case K::complete:
        return of_outputs(check);
      case K::assertion:
        return per_instance(check, false, [&](const Instance& instance, const Scope& scope) {
          assertion(check, instance, scope);
        });
      case K::exists:
        return per_instance(check, false,
                            [&](const Instance&, const Scope& scope) { exists(check, scope); });
      case K::absent:
        return per_instance(check, false,
                            [&](const Instance&, const Scope& scope) { absent(check, scope); });
      case K::shape:
        return per_instance(check, true, [&](const Instance& instance, const Scope& scope) {
          shape(check, instance, scope);
        });
      case K::logits_close:
        return per_instance(check, false, [&](const Instance& instance, const Scope& scope) {
          auto built = build_logits_check(check, scope, bound_, runs_, diagnostics_);
          if (!built) return;
          built->claim.description = describe(check, instance);
          graph_.logits_checks.push_back(std::move(*built));
        });
      case K::finite:
      case K::equal:
      case K::at_most:
        return per_instance(check, true, [&](const Instance& instance, const Scope& scope) {
          numeric(check, instance, scope);
        });
    }
  }

  /// A claim about all outputs together, or about one, for each value of `for`.
  void of_outputs(const CheckDecl& check) {
    if (check.where && check.ranges.empty() && !condition(check)) return;
    const auto each = [&](const Scope& scope) {
      std::optional<std::uint32_t> one;
      if (check.of) {
        const auto found = match_outputs({check.of->output, check.of->output_span, check.of->index},
                                         *bound_.recipe, bound_.outputs, scope, diagnostics_);
        if (!found) return;
        for (const auto& [capture, number] : found->front().captures)
          return report_unbound(check, capture);
        one = found->front().output;
      }
      check.kind == K::complete ? complete(check, scope, one) : count(check, scope, one);
    };
    if (check.ranges.empty()) return each(*bound_.globals);
    per_instance(check, false, [&](const Instance&, const Scope& scope) { each(scope); });
  }

  void report_unbound(const CheckDecl& check, const std::string& capture) {
    diagnostics_.add(error("E205", fmt::format("'{}' is no 'for' variable of this check", capture))
                         .at(check.of->index->span)
                         .hint(fmt::format("for: {{ {}: 0 .. 2 }}", capture)));
  }

  template <typename F>
  void per_instance(const CheckDecl& check, bool with_tensors, F each) {
    ExpandContext context{&bound_, &bound_.definitions, &known_, nullptr};
    ExpandRequest request;
    request.ranges = &check.ranges;
    request.where = check.where;
    request.where_span = check.where ? check.where->span : check.span;
    request.span = check.span;
    if (with_tensors) {
      for (const TensorExprPtr& tensor : check.tensors)
        collect_references(*tensor, request.references);
      for (const NamedOperand& probe : check.probes) request.add(probe);
    }
    const std::size_t before = diagnostics_.errors();
    for (const Instance& instance : expand(request, context, diagnostics_)) {
      const Scope scope = scope_of(instance.bindings, *bound_.globals);
      each(instance, scope);
      if (diagnostics_.errors() != before) return;  // one instance's fault speaks for the check
    }
  }

  void fail(const CheckDecl& check, std::string code, std::string message,
            std::vector<std::string> notes = {}, std::string help = {}) {
    Diagnostic d = error(std::move(code), std::move(message)).at(check.span, "this check fails");
    if (!check.name.empty()) d.notes.push_back(check.name);
    d.notes.insert(d.notes.end(), notes.begin(), notes.end());
    d.help = std::move(help);
    diagnostics_.add(std::move(d));
  }

  /// "the output", or which one.
  std::string phrase(std::optional<std::uint32_t> one) const {
    if (!one)
      return bound_.recipe->has_named_outputs() ? "all outputs together have" : "the output has";
    const std::string& name = bound_.outputs[*one].name;
    return name.empty() ? "the output has" : fmt::format("the output '{}' has", name);
  }

  void count(const CheckDecl& check, const Scope& scope, std::optional<std::uint32_t> one) {
    const bool parameters = check.kind == K::parameters;
    std::int64_t found = 0;
    for (const Output& output : graph_.outputs) {
      if (one && output.checkpoint != *one) continue;
      found += !parameters ? 1 : output.is_buffer ? 0 : numel(output.shape);
    }
    const std::string_view what = parameters ? "parameters" : "tensors";
    const auto expected = evaluate_argument(check.expected, scope, diagnostics_);
    if (!expected || *expected == Value(found)) return;
    if (!expected->is_number()) {
      return fail(check, "E821",
                  fmt::format("'{}' must be a number, not {}", what, expected->kind()));
    }
    const double difference = static_cast<double>(found) - expected->as_real();
    fail(check, "E821",
         fmt::format("{} {} {}, not {}", phrase(one), format_count(found), what,
                     format_count(static_cast<std::int64_t>(expected->as_real()))),
         {fmt::format("{} {} than stated",
                      format_count(static_cast<std::int64_t>(std::abs(difference))),
                      difference > 0 ? "more" : "fewer")});
  }

  /// A count may hold at one size only: `where: layers == 18`.
  bool condition(const CheckDecl& check) {
    const auto value = evaluate(*check.where, *bound_.globals, diagnostics_);
    const bool* truth = value ? value->if_bool() : nullptr;
    return truth && *truth;
  }

  void complete(const CheckDecl& check, const Scope& scope, std::optional<std::uint32_t> one) {
    const auto wanted =
        check.architecture ? evaluate(*check.architecture, scope, diagnostics_) : std::nullopt;
    if (!wanted) return;
    const std::size_t before = diagnostics_.errors();
    for (std::uint32_t k = 0; k < targets_.size() && diagnostics_.errors() == before; ++k) {
      if (!one || k == *one) complete(check, to_text(*wanted), k);
    }
  }

  void complete(const CheckDecl& check, const std::string& name, std::uint32_t output) {
    const auto& target = targets_[output];
    if (!target)
      return fail(check, "E824",
                  fmt::format("completeness for '{}' needs a target", escape_for_terminal(name)),
                  {}, fmt::format("target: {}", escape_for_terminal(name)));
    if (name != target->architecture && name != "true") {
      return fail(check, "E824",
                  fmt::format("the target is '{}', not '{}'", target->architecture,
                              escape_for_terminal(name)));
    }
    std::vector<std::string> missing;
    for (const ArchTensor& tensor : target->tensors) {
      if (tensor.required() && index_[output].count(tensor.name) == 0)
        missing.push_back(tensor.name);
    }
    if (!missing.empty())
      fail(check, "E824", fmt::format("{} tensors are missing", missing.size()),
           summarize_names(missing));
  }

  void assertion(const CheckDecl& check, const Instance& instance, const Scope& scope) {
    const auto value = evaluate_argument(check.expected, scope, diagnostics_);
    if (!value) return;
    const bool* truth = value->if_bool();
    if (truth && *truth) return;
    if (!truth)
      return fail(check, "E823",
                  fmt::format("an assertion is true or false, not {}", value->kind()));
    std::vector<std::string> notes = sides(check, scope);
    if (!instance.bindings.empty())
      notes.push_back(fmt::format("here {}", escape_for_terminal(described(instance.bindings))));
    fail(check, "E823", "this does not hold", std::move(notes));
  }

  /// What the two sides of a comparison are: "the left side is 18, the right side is 24".
  std::vector<std::string> sides(const CheckDecl& check, const Scope& scope) const {
    const Expr* e = check.expected.expression.get();
    const bool compares =
        e && e->kind == Expr::Kind::binary && e->items.size() == 2 &&
        (e->name == "==" || e->name == "!=" || e->name.front() == '<' || e->name.front() == '>');
    if (!compares) return {};
    Diagnostics ignored;
    const auto left = evaluate(*e->items[0], scope, ignored);
    const auto right = evaluate(*e->items[1], scope, ignored);
    if (!left || !right) return {};
    return {fmt::format("the left side is {}, the right side is {}",
                        escape_for_terminal(to_text(*left), 60),
                        escape_for_terminal(to_text(*right), 60))};
  }

  /// What a check's pattern fits in the outputs that it names, and those.
  struct Fitting {
    std::vector<OutputMatch> outputs;
    std::vector<std::string> names;
  };

  std::optional<Fitting> fitting(const CheckDecl& check, const Scope& scope) {
    const TensorExpr& tensor = *check.tensors.front();
    if (tensor.kind != TensorExpr::Kind::reference ||
        !names_output(tensor.source, *bound_.recipe)) {
      const OutputDecl& first = bound_.recipe->outputs.front();
      fail(check, "E824",
           fmt::format("this check is about the output: {}:name",
                       first.name.empty() ? "out" : first.name));
      return std::nullopt;
    }
    auto outputs = match_outputs({tensor.source, tensor.source_span, tensor.index}, *bound_.recipe,
                                 bound_.outputs, scope, diagnostics_);
    const auto pattern = resolve(tensor.pattern, scope, diagnostics_);
    if (!outputs || !pattern) return std::nullopt;
    Fitting found{std::move(*outputs), {}};
    for (const OutputMatch& output : found.outputs) {
      const KnownNames& known = known_[output.output];
      for (const auto& match : known.tree.match(*pattern))
        found.names.push_back(full_name(bound_, {output.output, known.names[match.index]}));
    }
    return found;
  }

  void exists(const CheckDecl& check, const Scope& scope) {
    const auto found = fitting(check, scope);
    if (!found || !found->names.empty()) return;
    const NamePattern& written = check.tensors.front()->pattern;
    const auto pattern = resolve(written, scope, diagnostics_);
    const std::string text = pattern ? pattern->exact().value_or(written.text) : written.text;
    const std::uint32_t first = found->outputs.front().output;
    const KnownNames& known = known_[first];
    const std::string near = known.names.size() > 20000 ? "" : nearest(text, known.names);
    fail(check, "E822", fmt::format("{} no tensor '{}'", phrase(first), escape_for_terminal(text)),
         {}, near.empty() ? "" : fmt::format("did you mean '{}'?", escape_for_terminal(near)));
  }

  void absent(const CheckDecl& check, const Scope& scope) {
    const auto found = fitting(check, scope);
    if (!found || found->names.empty()) return;
    const std::size_t count = found->names.size();
    fail(check, "E822",
         fmt::format("{} {} such tensor{}",
                     found->outputs.size() > 1 ? "these outputs have"
                                               : phrase(found->outputs.front().output),
                     count, count == 1 ? "" : "s"),
         summarize_names(found->names));
  }

  TensorBuilder builder_for(const CheckDecl& check, const Instance& instance, const Scope& scope) {
    TensorBuilder::Context context;
    context.graph = &graph_;
    context.bound = &bound_;
    context.outputs = &index_;
    context.reads_finished = true;
    context.key = "check";
    return {context, instance, check.probes, scope, diagnostics_};
  }

  std::optional<Typed> build_tensor(const CheckDecl& check, std::size_t k, const Instance& instance,
                                    const Scope& scope) {
    return builder_for(check, instance, scope).build_one(*check.tensors[k]);
  }

  void shape(const CheckDecl& check, const Instance& instance, const Scope& scope) {
    const auto tensor = build_tensor(check, 0, instance, scope);
    const auto expected = evaluate_argument(check.expected, scope, diagnostics_);
    if (!tensor || !expected) return;
    Value::List found;
    for (const std::int64_t size : tensor->type.shape()) found.emplace_back(size);
    if (*expected == Value(found)) return;
    fail(check, "E822",
         fmt::format("the shape is {}, not {}", format_shape(tensor->type.shape()),
                     escape_for_terminal(to_text(*expected))));
  }

  void numeric(const CheckDecl& check, const Instance& instance, const Scope& scope) {
    if (check.kind == K::at_most) return limit(check, instance, scope);
    const auto left = build_tensor(check, 0, instance, scope);
    if (!left) return;
    NumericCheck numeric;
    numeric.description = describe(check, instance);
    numeric.origin = check.span;
    numeric.left = left->node;
    numeric.warns = check.warns;
    const auto computable = [&](const Typed& x) {
      if (is_arithmetic(x.type.dtype)) return true;
      fail(check, "E306", fmt::format("{} values cannot be compared", inarch::name(x.type.dtype)));
      return false;
    };
    if (!computable(*left)) return;
    if (check.kind == K::equal) {
      const auto right = build_tensor(check, 1, instance, scope);
      if (!right || !computable(*right)) return;
      if (left->type.shape() != right->type.shape()) {
        return fail(check, "E305",
                    fmt::format("the sides have shapes {} and {}", format_shape(left->type.shape()),
                                format_shape(right->type.shape())));
      }
      numeric.right = right->node;
      numeric.has_right = true;
      const bool given = check.expected.expression || check.expected.text;
      const auto tolerance = given ? evaluate_argument(check.expected, scope, diagnostics_)
                                   : std::optional<Value>(Value(0));
      if (!tolerance) return;
      if (!tolerance->is_number() || !(tolerance->as_real() >= 0))
        return report_tolerance(check, *tolerance);
      numeric.tolerance = tolerance->as_real();
    }
    graph_.checks.push_back(std::move(numeric));
  }

  void limit(const CheckDecl& check, const Instance& instance, const Scope& scope) {
    const auto sides =
        builder_for(check, instance, scope).build_pair(*check.tensors[0], *check.tensors[1]);
    if (!sides) return;
    NumericCheck numeric;
    numeric.description = describe(check, instance);
    numeric.origin = check.span;
    numeric.left = sides->first.node;
    numeric.right = sides->second.node;
    numeric.has_right = numeric.at_most = true;
    numeric.warns = check.warns;
    graph_.checks.push_back(std::move(numeric));
  }

  void report_tolerance(const CheckDecl& check, const Value& found) {
    diagnostics_.add(error("E304", fmt::format("'tolerance' must be a number, zero or more, not {}",
                                               escape_for_terminal(to_text(found))))
                         .at(check.expected.span)
                         .hint("tolerance: 1e-6"));
  }

  static std::string describe(const CheckDecl& check, const Instance& instance) {
    std::string text = !check.name.empty()        ? check.name
                       : check.kind == K::equal   ? "equal"
                       : check.kind == K::at_most ? "at_most"
                       : check.kind == K::finite  ? "finite"
                                                  : "logits_close";
    std::string where = described(instance.bindings);
    if (where.empty() && !instance.references.empty())
      where = instance.references.front().expression->pattern.text;
    return where.empty() ? text : fmt::format("{} ({})", text, where);
  }

  const BoundRecipe& bound_;
  const Targets& targets_;
  const RunsModel& runs_;
  Graph& graph_;
  Diagnostics& diagnostics_;
  OutputIndex index_;
  std::vector<KnownNames> known_;  // by output
};

}  // namespace

void build_checks(const BoundRecipe& bound, const Targets& targets, const RunsModel& runs,
                  Graph& graph, Diagnostics& diagnostics) {
  if (bound.recipe->checks.empty()) return;  // an index of the outputs costs time
  CheckBuilder(bound, targets, runs, graph, diagnostics).build();
}

}  // namespace inarch
