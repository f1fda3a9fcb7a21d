#include "compiler/ir/build_logits_checks.h"

#include <fmt/format.h>

#include "compiler/recipe/bind_config.h"
#include "compiler/recipe/expand.h"
#include "compiler/recipe/match_outputs.h"
#include "compiler/recipe/prompts.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Logits are sums in an order that depends on the shapes of what is multiplied.
constexpr double usual_tolerance = 1e-5;

class LogitsCheckBuilder {
 public:
  LogitsCheckBuilder(const CheckDecl& check, const Scope& scope, const BoundRecipe& bound,
                     const RunsModel& runs, Diagnostics& diagnostics)
      : check_(check), scope_(scope), bound_(bound), runs_(runs), diagnostics_(diagnostics) {}

  std::optional<LogitsCheck> build() {
    const auto left = find(check_.models[0]);
    const auto right = left ? find(check_.models[1]) : std::nullopt;
    if (!right) return std::nullopt;
    if (*left == *right) {
      diagnostics_.add(error("E825", "a model is compared with itself")
                           .at(check_.models[1].output_span)
                           .also(check_.models[0].output_span, "the same"));
      return std::nullopt;
    }
    LogitsCheck built;
    built.claim.left = *left;
    built.claim.right = *right;
    built.claim.warns = check_.warns;
    built.origin = check_.span;
    const Checkpoint* tokenizer = source_of(*right);
    auto prompts = read_prompts(check_.prompts, scope_,
                                tokenizer != nullptr ? tokenizer : source_of(*left), diagnostics_);
    if (!prompts || prompts->empty()) return std::nullopt;
    built.claim.prompts = std::move(*prompts);
    if (!read_tolerance(built.claim) || !agree(built.claim)) return std::nullopt;
    return built;
  }

 private:
  const Checkpoint* source_of(const ModelRef& model) const {
    return model.is_output ? nullptr : bound_.sources[model.index].checkpoint.get();
  }

  std::optional<ModelRef> find(const Destination& model) {
    if (names_output(model.output, *bound_.recipe)) {
      const auto outputs = match_outputs({model.output, model.output_span, model.index},
                                         *bound_.recipe, bound_.outputs, scope_, diagnostics_);
      if (!outputs) return std::nullopt;
      if (outputs->size() == 1) return ModelRef{true, outputs->front().output};
      diagnostics_.add(error("E205", "this check is of one output, and the index names several")
                           .at(model.output_span));
      return std::nullopt;
    }
    std::string name = model.output;
    if (model.index) {
      const auto index = resolve(*model.index, scope_, diagnostics_);
      if (!index) return std::nullopt;
      name += fmt::format("[{}]", index->exact().value_or(model.index->text));
    }
    const auto source = find_source(name, model.output_span, bound_, diagnostics_);
    if (!source) return std::nullopt;
    const BoundSource& found = bound_.sources[*source];
    if (found.changed.empty() && !found.is_states() && !found.is_adapter())
      return ModelRef{false, *source};
    diagnostics_.add(error("E222", fmt::format("'{}' is no checkpoint as its files have it, and "
                                               "only such a model is run",
                                               name))
                         .at(model.output_span)
                         .hint("write the merged model first, and take that as a source"));
    return std::nullopt;
  }

  bool read_tolerance(LogitsClaim& claim) {
    claim.tolerance = usual_tolerance;
    if (!check_.expected.expression && !check_.expected.text) return true;
    const auto tolerance = evaluate_argument(check_.expected, scope_, diagnostics_);
    if (!tolerance) return false;
    if (tolerance->is_number() && tolerance->as_real() >= 0) {
      claim.tolerance = tolerance->as_real();
      return true;
    }
    diagnostics_.add(error("E304", fmt::format("'tolerance' must be a number, zero or more, not {}",
                                               escape_for_terminal(to_text(*tolerance))))
                         .at(check_.expected.span)
                         .hint("tolerance: 1e-5"));
    return false;
  }

  /// Before hours of work, and not after them.
  bool agree(const LogitsClaim& claim) {
    const auto left = logits_of(claim.left, check_.models[0], claim);
    const auto right = left ? logits_of(claim.right, check_.models[1], claim) : std::nullopt;
    if (!right || *left == *right) return right.has_value();
    diagnostics_.add(
        error("E825", fmt::format("the left model has {} logits for a token, the right one {}",
                                  format_count(*left), format_count(*right)))
            .at(check_.span, "these cannot be compared"));
    return false;
  }

  std::optional<std::int64_t> logits_of(const ModelRef& model, const Destination& written,
                                        const LogitsClaim& claim) {
    const auto& output_config =
        model.is_output ? bound_.outputs[model.index].config : std::optional<Value>();
    if (model.is_output && !output_config) {
      diagnostics_.add(error("E825", "an output without a config is no model that can be run")
                           .at(written.output_span)
                           .hint("output: { config: SOURCE }"));
      return std::nullopt;
    }
    auto found = runs_(model.is_output ? *output_config : source_of(model)->config, claim.prompts);
    if (found.ok()) return *found;
    diagnostics_.add(Diagnostic(found.error()).at(written.output_span, "this model is to be run"));
    return std::nullopt;
  }

  const CheckDecl& check_;
  const Scope& scope_;
  const BoundRecipe& bound_;
  const RunsModel& runs_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<LogitsCheck> build_logits_check(const CheckDecl& check, const Scope& scope,
                                              const BoundRecipe& bound, const RunsModel& runs,
                                              Diagnostics& diagnostics) {
  return LogitsCheckBuilder(check, scope, bound, runs, diagnostics).build();
}

}  // namespace inarch
