#include "compiler/recipe/bind_states.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/recipe/bind_config.h"
#include "compiler/recipe/expand.h"
#include "compiler/recipe/prompts.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

class StatesBinder {
 public:
  StatesBinder(const BindOptions& options, BoundRecipe& bound, Diagnostics& diagnostics)
      : options_(options), bound_(bound), diagnostics_(diagnostics) {}

  void bind(const SourceDecl& source, const StatesDecl& states) {
    auto request = requested(source, states);
    if (!request) return;
    auto checkpoint = request->prompts.empty() ? no_states() : options_.open_states(*request);
    if (!checkpoint.ok()) {
      Diagnostic d = checkpoint.error();
      if (!d.primary.span.known())
        d.primary = {states.span, fmt::format("source '{}'", source.name)};
      diagnostics_.add(std::move(d));
      return;
    }
    BoundSource bound{source.name, &source, std::move(*checkpoint), {}, {}, {}};
    for (std::size_t i = 0; i < bound.checkpoint->tensors.size(); ++i)
      bound.names.add(bound.checkpoint->tensors[i].name, i);
    Value described(Value::Map{{"config", bound.checkpoint->config}});
    bound_.values.push_back(std::make_unique<Value>(std::move(described)));
    bound_.checkpoints.push_back({bound.checkpoint.get()});
    bound_.globals->set_source(source.name, bound_.values.back().get(), bound_.checkpoints.back());
    bound_.sources.push_back(std::move(bound));
  }

 private:
  /// What a source is that nobody asked for.
  static Result<std::shared_ptr<const Checkpoint>> no_states() {
    auto checkpoint = std::make_shared<Checkpoint>();
    checkpoint->build_index();
    return std::shared_ptr<const Checkpoint>(std::move(checkpoint));
  }

  std::optional<StatesRequest> requested(const SourceDecl& source, const StatesDecl& states) {
    const auto of = bind_source_name(states.of, *bound_.globals, bound_, diagnostics_);
    if (!of) return std::nullopt;
    StatesRequest request;
    request.name = source.name;
    request.model = bound_.sources[*of].checkpoint;
    const bool plain = bound_.sources[*of].changed.empty() && !bound_.sources[*of].is_states();
    if (!plain) {
      diagnostics_.add(error("E222", fmt::format("'{}' is no checkpoint as its files have it, and "
                                                 "only such a model is run",
                                                 bound_.sources[*of].name))
                           .at(states.of.span)
                           .hint("write the merged model first, and take that as a source"));
      return std::nullopt;
    }
    if (states.token && !bind_token(*states.token, request)) return std::nullopt;
    auto prompts = read_prompts(states.prompts, *bound_.globals, request.model.get(), diagnostics_);
    if (!prompts) return std::nullopt;
    request.prompts = std::move(*prompts);
    return request;
  }

  bool bind_token(const Template& token, StatesRequest& request) {
    const auto text = evaluate(token, *bound_.globals, diagnostics_);
    if (!text) return false;
    request.mean = to_text(*text) == "mean";
    if (request.mean || to_text(*text) == "last") return true;
    diagnostics_.add(error("E221", fmt::format("states are those of the 'last' token or the 'mean' "
                                               "over all, not '{}'",
                                               escape_for_terminal(to_text(*text))))
                         .at(token.span));
    return false;
  }

  const BindOptions& options_;
  BoundRecipe& bound_;
  Diagnostics& diagnostics_;
};

}  // namespace

void bind_states(const Recipe& recipe, const BindOptions& options, BoundRecipe& bound,
                 Diagnostics& diagnostics) {
  StatesBinder binder(options, bound, diagnostics);
  for (const SourceDecl& source : recipe.sources) {
    if (source.locations.empty() || !source.locations.front().states) continue;
    const bool is_given = std::any_of(bound.sources.begin(), bound.sources.end(),
                                      [&](const auto& b) { return b.declaration == &source; });
    if (!is_given) binder.bind(source, *source.locations.front().states);
  }
}

}  // namespace inarch
