#include "compiler/mergekit/slices.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/mergekit/check.h"
#include "compiler/mergekit/methods.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

class ModulePlanner {
 public:
  ModulePlanner(const MergekitModule& module, const MergekitConfig& config, MergekitModels& models,
                std::deque<MergekitInput>& storage, Diagnostics& diagnostics)
      : module_(module),
        config_(config),
        method_(*find_mergekit_method(config.method.text)),
        models_(models),
        storage_(storage),
        diagnostics_(diagnostics) {}

  std::optional<PlannedModule> plan() {
    planned_.name = module_.name;
    planned_.span = module_.span;
    const bool done = module_.slices.empty() ? plan_models() : plan_slices();
    if (!done) return std::nullopt;
    cut_last();
    return std::move(planned_);
  }

 private:
  SettingLevels outer_levels(const MergekitSlice* slice) const {
    SettingLevels levels;
    if (slice) levels.push_back(&slice->parameters);
    levels.push_back(&module_.parameters);
    levels.push_back(&config_.parameters);
    return levels;
  }

  static SliceInput* find_model(PlannedSlice& planned, const MergekitModel& model) {
    for (SliceInput& input : planned.inputs) {
      if (input.written->model == model) return &input;
    }
    return nullptr;
  }

  /// Opens the inputs, a model that is named again with its last layers; the base goes first where
  /// the method has one.
  bool open(const std::vector<const MergekitInput*>& inputs, const MergekitSlice* slice,
            PlannedSlice& planned) {
    const std::optional<MergekitModel>& base = base_of(slice, config_);
    bool good = true;
    for (const MergekitInput* input : inputs) {
      if (SliceInput* earlier = find_model(planned, input->model)) {
        earlier->again.push_back(input);
        if (input->layers) earlier->first_layer = input->layers->first;
        continue;
      }
      SliceInput opened;
      opened.written = input;
      opened.view = models_.open(input->model);
      opened.is_base = base && input->model == *base;
      if (input->layers) opened.first_layer = input->layers->first;
      good = good && opened.view != nullptr;
      planned.inputs.push_back(opened);
    }
    if (method_.base != MergekitMethod::Base::unused) {
      std::stable_partition(planned.inputs.begin(), planned.inputs.end(),
                            [](const SliceInput& input) { return input.is_base; });
    }
    planned.levels = outer_levels(slice);
    planned.span = slice ? slice->span : module_.span;
    return good;
  }

  std::vector<LayerStack> stacks_of(const MergekitView& view) const {
    std::vector<LayerStack> stacks;
    for (LayerStack& stack : find_layer_stacks(view)) {
      if (is_of_module(stack.prefix, module_.name)) stacks.push_back(std::move(stack));
    }
    return stacks;
  }

  bool plan_models() {
    std::vector<const MergekitInput*> inputs;
    for (MergekitInput& input : inputs_of(module_, config_)) {
      storage_.push_back(std::move(input));
      inputs.push_back(&storage_.back());
    }
    PlannedSlice all;
    if (!open(inputs, nullptr, all)) return false;
    for (LayerStack& stack : stacks_of(*all.inputs.front().view)) {
      PlannedSlice slice = all;
      slice.layers = stack.count;
      if (!same_layers(slice, stack)) return false;
      planned_.stacks.push_back({std::move(stack), {std::move(slice)}});
    }
    planned_.first = planned_.last = std::move(all);
    return true;
  }

  /// Models that are merged whole have the same layers.
  bool same_layers(const PlannedSlice& slice, const LayerStack& stack) {
    const SliceInput& first = slice.inputs.front();
    for (const SliceInput& input : slice.inputs) {
      const auto own = find_layer_stack(*input.view, stack.prefix);
      if (!own) return no_stack(*input.view, stack.prefix, input.written->model.span);
      if (own->count == stack.count) continue;
      diagnostics_.add(
          error("E562", fmt::format("'{}' has {} layers, and '{}' has {}", first.view->name,
                                    stack.count, input.view->name, own->count))
              .at(input.written->model.span)
              .also(first.written->model.span, fmt::format("has {} layers", stack.count))
              .note("mergekit says so once the models are loaded")
              .hint("slices: [ { sources: [ { model: …, layer_range: … } ] } ]"));
      return false;
    }
    return true;
  }

  bool no_stack(const MergekitView& view, std::string_view prefix, Span span) {
    diagnostics_.add(
        error("E576", prefix.empty()
                          ? fmt::format("'{}' has no layers", view.name)
                          : fmt::format("'{}' has no layers called '{}{{i}}'", view.name, prefix))
            .at(span));
    return false;
  }

  bool plan_slices() {
    for (const MergekitSlice& written : module_.slices) {
      PlannedSlice slice;
      std::vector<const MergekitInput*> inputs;
      for (const MergekitInput& input : written.sources) inputs.push_back(&input);
      if (!open(inputs, &written, slice)) return false;
      slice.layers = written.sources.front().layers->second - written.sources.front().layers->first;
      slices_.push_back(std::move(slice));
    }
    const MergekitView& donor = *slices_.front().inputs.front().view;
    std::vector<LayerStack> stacks = stacks_of(donor);
    if (stacks.empty()) return no_stack(donor, "", module_.span);
    if (stacks.size() > 1) return several_stacks(stacks);
    std::int64_t at = 0;
    bool good = true;
    for (PlannedSlice& slice : slices_) {
      slice.first_result = at;
      at += slice.layers;
      for (const SliceInput& input : slice.inputs) good = has_layers(input, stacks[0]) && good;
    }
    planned_.first = slices_.front();
    planned_.last = slices_.back();
    planned_.stacks.push_back({stacks.front(), std::move(slices_)});
    return good;
  }

  bool several_stacks(const std::vector<LayerStack>& stacks) {
    std::vector<std::string> names;
    for (const LayerStack& stack : stacks) names.push_back(fmt::format("'{}{{i}}'", stack.prefix));
    diagnostics_.add(error("E570", "the model has several towers of layers, and slices are of one")
                         .at(module_.span)
                         .note(fmt::format("layers: {}", join_names(names)))
                         .hint("modules: { text_decoder: { slices: … }, vision_tower: … }"));
    return false;
  }

  bool has_layers(const SliceInput& input, const LayerStack& stack) {
    const auto own = find_layer_stack(*input.view, stack.prefix);
    if (!own) return no_stack(*input.view, stack.prefix, input.written->model.span);
    const std::int64_t length = input.written->layers->second - input.written->layers->first;
    const std::int64_t to = input.first_layer + length;
    if (to <= own->count) return true;
    diagnostics_.add(
        error("E561", fmt::format("'{}' has {} layers, and none up to {}", input.view->name,
                                  own->count, to))
            .at(input.written->layers_span, fmt::format("layers are 0 to {}", own->count - 1))
            .note("mergekit says so in the middle of the merge")
            .hint(fmt::format("layer_range: [{}, {}]", std::min(input.first_layer, own->count),
                              own->count)));
    return false;
  }

  /// What follows the layers is merged from as many of the last slice's models as the first slice
  /// has, in the order in which they are written.
  void cut_last() {
    const std::size_t most = planned_.first.inputs.size();
    if (planned_.last.inputs.size() <= most) return;
    const MergekitSlice& written = module_.slices.back();
    std::vector<SliceInput> kept;
    for (std::size_t k = 0; k < most; ++k) {
      for (const SliceInput& input : planned_.last.inputs) {
        if (input.written == &written.sources[k]) kept.push_back(input);
      }
    }
    planned_.last.inputs = std::move(kept);
    if (method_.base != MergekitMethod::Base::unused) {
      std::stable_partition(planned_.last.inputs.begin(), planned_.last.inputs.end(),
                            [](const SliceInput& input) { return input.is_base; });
    }
  }

  const MergekitModule& module_;
  const MergekitConfig& config_;
  const MergekitMethod& method_;
  MergekitModels& models_;
  std::deque<MergekitInput>& storage_;
  Diagnostics& diagnostics_;
  PlannedModule planned_;
  std::vector<PlannedSlice> slices_;
};

}  // namespace

SettingLevels PlannedSlice::levels_of(const SliceInput& input) const {
  SettingLevels own = {&input.written->parameters};
  for (const MergekitInput* again : input.again) own.push_back(&again->parameters);
  own.insert(own.end(), levels.begin(), levels.end());
  return own;
}

std::int64_t PlannedStack::layers() const {
  std::int64_t count = 0;
  for (const PlannedSlice& slice : slices) count += slice.layers;
  return count;
}

std::optional<PlannedModule> plan_module(const MergekitModule& module, const MergekitConfig& config,
                                         MergekitModels& models, std::deque<MergekitInput>& storage,
                                         Diagnostics& diagnostics) {
  return ModulePlanner(module, config, models, storage, diagnostics).plan();
}

}  // namespace inarch
