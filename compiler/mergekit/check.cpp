#include "compiler/mergekit/check.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/mergekit/methods.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::string counted_models(std::int64_t count) {
  return fmt::format("{} model{}", count, count == 1 ? "" : "s");
}

/// What a method merges, in words.
std::string wanted_models(const MergekitMethod& method) {
  const bool with_base = method.base == MergekitMethod::Base::required;
  if (with_base && method.most == 1) return "two models, the base and one more";
  if (method.most == 1) return "one model";
  if (method.most == 2) return "two models, with or without a base beside them";
  if (with_base) return fmt::format("a base and at least {}", counted_models(method.least));
  return fmt::format("at least {}", counted_models(method.least));
}

std::string with_base_counted(const MergekitMethod& method, std::int64_t merged, bool has_base) {
  if (method.base == MergekitMethod::Base::unused || !has_base) return counted_models(merged);
  return fmt::format("{} beside the base", counted_models(merged));
}

class ConfigChecker {
 public:
  ConfigChecker(const MergekitConfig& config, Diagnostics& diagnostics)
      : config_(config),
        method_(*find_mergekit_method(config.method.text)),
        diagnostics_(diagnostics) {}

  void check() {
    check_parameters(config_.parameters, false);
    if (method_.base == MergekitMethod::Base::required && !any_base()) {
      diagnostics_.add(error("E564", fmt::format("{} needs a 'base_model'", method_.name))
                           .at(config_.method.span)
                           .hint("base_model: PATH"));
      return;
    }
    for (const MergekitModule& module : config_.modules) check_module(module);
  }

 private:
  bool any_base() const {
    if (config_.base_model) return true;
    for (const MergekitModule& module : config_.modules) {
      for (const MergekitSlice& slice : module.slices) {
        if (slice.base_model || slice.sources.size() == 1) return true;
      }
    }
    return false;
  }

  void check_module(const MergekitModule& module) {
    check_parameters(module.parameters, false);
    if (!module.models.empty()) {
      for (const MergekitInput& input : module.models) check_parameters(input.parameters, true);
      check_twice(module.models);
      check_inputs(inputs_of(module, config_), config_.base_model, config_, config_.method.span,
                   diagnostics_);
    }
    for (const MergekitSlice& slice : module.slices) check_slice(slice);
  }

  void check_slice(const MergekitSlice& slice) {
    check_parameters(slice.parameters, false);
    for (const MergekitInput& input : slice.sources) check_parameters(input.parameters, true);
    check_twice(slice.sources);
    if (check_ranges(slice))
      check_inputs(slice.sources, base_of(&slice, config_), config_, slice.span, diagnostics_);
  }

  bool check_ranges(const MergekitSlice& slice) {
    for (const MergekitInput& input : slice.sources) {
      const auto [from, to] = *input.layers;
      if (from <= to) continue;
      diagnostics_.add(
          error("E561", fmt::format("the range of layers is reversed: {} comes after {}", from, to))
              .at(input.layers_span, "from, and up to but without")
              .note("mergekit writes a model whose config has another number of layers than its "
                    "weights")
              .hint(fmt::format("layer_range: [{}, {}]", to, from)));
      return false;
    }
    const MergekitInput& first = slice.sources.front();
    const auto length = [](const MergekitInput& i) { return i.layers->second - i.layers->first; };
    for (const MergekitInput& input : slice.sources) {
      if (length(input) == length(first)) continue;
      diagnostics_.add(error("E562", fmt::format("the sources of a slice have {} and {} layers",
                                                 length(first), length(input)))
                           .at(input.layers_span)
                           .also(first.layers_span, "as many as here")
                           .note("mergekit says so once the models are loaded"));
      return false;
    }
    return true;
  }

  void check_twice(const std::vector<MergekitInput>& inputs) {
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      for (std::size_t earlier = 0; earlier < k; ++earlier) {
        if (!(inputs[k].model == inputs[earlier].model)) continue;
        diagnostics_.add(warning("W554", fmt::format("'{}' is named twice, and merged once",
                                                     escape_for_terminal(inputs[k].model.text())))
                             .at(inputs[k].model.span, "again here")
                             .also(inputs[earlier].model.span, "first here")
                             .note("as in mergekit, with the layers that are given last and the "
                                   "parameters that are given first"));
        break;
      }
    }
  }

  /// `of_model`: those of one model, where only some parameters are looked for.
  void check_parameters(const MergekitParameters& parameters, bool of_model) {
    for (const MergekitParameter& parameter : parameters) {
      const MergekitParameterInfo* info = method_.find(parameter.name);
      if (!info) {
        diagnostics_.add(
            warning("W551", fmt::format("{} does not use '{}'", method_.name, parameter.name))
                .at(parameter.span, "has no effect")
                .note(fmt::format("parameters of {}: {}", method_.name, names())));
      } else if (of_model && !info->is_of_model) {
        diagnostics_.add(
            error("E556", fmt::format("'{}' is a parameter of the merge, and not of one model",
                                      parameter.name))
                .at(parameter.span)
                .note("mergekit does not look for it here, and says nothing")
                .hint("put it under the 'parameters' of the slice or of the whole"));
      }
    }
  }

  std::string names() const {
    std::vector<std::string> list;
    for (const MergekitParameterInfo& info : method_.parameters) list.emplace_back(info.name);
    return list.empty() ? "none" : join_names(list, 20);
  }

  const MergekitConfig& config_;
  const MergekitMethod& method_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_mergekit(const MergekitConfig& config, Diagnostics& diagnostics) {
  ConfigChecker(config, diagnostics).check();
}

std::vector<MergekitInput> inputs_of(const MergekitModule& module, const MergekitConfig& config) {
  std::vector<MergekitInput> inputs = module.models;
  if (!config.base_model) return inputs;
  const bool there = std::any_of(inputs.begin(), inputs.end(), [&](const MergekitInput& input) {
    return input.model == *config.base_model;
  });
  if (there) return inputs;
  MergekitInput base;
  base.model = *config.base_model;
  inputs.push_back(std::move(base));
  return inputs;
}

const std::optional<MergekitModel>& base_of(const MergekitSlice* slice,
                                            const MergekitConfig& config) {
  return slice && slice->base_model ? slice->base_model : config.base_model;
}

bool check_inputs(const std::vector<MergekitInput>& inputs,
                  const std::optional<MergekitModel>& base, const MergekitConfig& config, Span span,
                  Diagnostics& diagnostics) {
  const MergekitMethod& method = *find_mergekit_method(config.method.text);
  std::set<std::string> models;
  for (const MergekitInput& input : inputs) models.insert(input.model.text());
  if (models.size() == 1 && method.alone_is_copied && method.name != "model_stock") return true;
  const bool has_base = base && std::any_of(inputs.begin(), inputs.end(), [&](const auto& input) {
                          return input.model == *base;
                        });
  if (method.base == MergekitMethod::Base::required && !has_base) {
    diagnostics.add(
        error("E564", fmt::format("{} needs the base among the models that it merges", method.name))
            .at(base ? base->span : span)
            .also(base ? span : Span{}, "merged without it")
            .note("mergekit fails in the middle of the merge"));
    return false;
  }
  const auto all = static_cast<std::int64_t>(models.size());
  const std::int64_t merged = has_base && !method.counts_base ? all - 1 : all;
  if (method.name == "model_stock" && merged == 0) return true;
  const bool no_base = method.name == "nuslerp" && base && !has_base;
  if (!no_base && merged >= method.least && merged <= method.most) return true;
  if (method.base == MergekitMethod::Base::optional && base && (no_base || all == method.most)) {
    diagnostics.add(error("E564", fmt::format("'base_model' of {} is a third model beside the two "
                                              "that it merges",
                                              method.name))
                        .at(base->span, no_base ? "not among the sources" : "one of the two")
                        .note("mergekit says so in the middle of the merge")
                        .hint("leave base_model out to merge the two as they are"));
    return false;
  }
  diagnostics.add(
      error("E564", fmt::format("{} merges {}, and has {} here", method.name, wanted_models(method),
                                with_base_counted(method, merged, has_base)))
          .at(span)
          .also(base ? base->span : Span{}, "the base")
          .note("mergekit says so in the middle of the merge"));
  return false;
}

}  // namespace inarch
