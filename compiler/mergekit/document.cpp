#include "compiler/mergekit/document.h"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/mergekit/check.h"
#include "compiler/mergekit/combine.h"
#include "compiler/mergekit/result_config.h"
#include "compiler/mergekit/rule_draft.h"
#include "compiler/mergekit/slices.h"
#include "compiler/mergekit/tensors.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Tensors of no layer that one rule makes.
struct NameGroup {
  std::vector<std::string> names;
  std::vector<std::string> operands;  // exact, where they differ from the result's name
  const PlannedSlice* slice = nullptr;
  MergeBody body;
};

class DocumentWriter {
 public:
  DocumentWriter(const MergekitConfig& config, MergekitModels& models, const DocumentRules& rules,
                 Diagnostics& diagnostics)
      : config_(config),
        method_(*find_mergekit_method(config.method.text)),
        models_(models),
        rules_(rules),
        diagnostics_(diagnostics),
        resolver_(diagnostics) {}

  std::optional<MergekitView> write() {
    const std::size_t before = diagnostics_.errors();
    for (const MergekitModule& module : config_.modules) {
      auto planned = plan_module(module, config_, models_, storage_, diagnostics_);
      if (planned) modules_.push_back(std::move(*planned));
    }
    if (diagnostics_.errors() != before || modules_.empty()) return std::nullopt;
    donor_ = config_.base_model ? models_.open(*config_.base_model)
                                : modules_.front().first.inputs.front().view;
    if (!donor_) return std::nullopt;
    tensors_.emplace(*donor_, diagnostics_);
    tensors_->check_families(modules_);
    if (diagnostics_.errors() != before) return std::nullopt;
    for (const PlannedModule& module : modules_) {
      if (tensors_->check_name(module)) write_module(module);
    }
    if (diagnostics_.errors() != before) return std::nullopt;
    tensors_->check_covered(modules_);
    resolver_.report_unmatched();
    if (diagnostics_.errors() != before) return std::nullopt;
    set_result_config(*donor_, modules_, result_);
    return std::move(result_);
  }

 private:
  void write_module(const PlannedModule& module) {
    if (write_whole(module)) return;
    for (const PlannedStack& stack : module.stacks) {
      for (const PlannedSlice& slice : stack.slices) {
        if (slice.layers > 0) write_slice(stack, slice);
      }
    }
    write_others(module);
  }

  void write_slice(const PlannedStack& stack, const PlannedSlice& slice) {
    if (!goes_by_columns(slice)) return write_layers(stack, slice, {});
    for (const bool vectors : {false, true}) {
      const std::vector<std::string> names = names_of_rank(stack, slice, vectors);
      if (!names.empty()) write_layers(stack, slice, names);
    }
  }

  /// Whether columns are merged one by one, so that vectors, which have none, need a rule of their
  /// own.
  bool goes_by_columns(const PlannedSlice& slice) const {
    if (method_.name != "nuslerp") return false;
    for (const MergekitParameters* level : slice.levels) {
      for (const MergekitParameter& parameter : *level) {
        if (parameter.name != "nuslerp_row_wise") continue;
        for (const MergekitCase& setting : parameter.cases) {
          if (setting.values.front() != 0) return true;
        }
      }
    }
    return false;
  }

  std::vector<std::string> names_of_rank(const PlannedStack& planned, const PlannedSlice& slice,
                                         bool vectors) const {
    std::set<std::string> names;
    for (const auto& [tensor, shape] : slice.inputs.front().view->tensors) {
      const auto split = split_layer_name(tensor);
      const bool of_stack = split && split->stack == planned.stack.prefix;
      if (of_stack && (shape.size() < 2) == vectors) names.emplace(split->rest);
    }
    return {names.begin(), names.end()};
  }

  static bool has_gradient(const SettingLevels& levels) {
    for (const MergekitParameters* level : levels) {
      for (const MergekitParameter& parameter : *level) {
        for (const MergekitCase& setting : parameter.cases) {
          if (setting.values.size() > 1) return true;
        }
      }
    }
    return false;
  }

  /// The one slice that makes the whole module without looking at layers, if that is all there is.
  const PlannedSlice* whole_slice(const PlannedModule& module) const {
    for (const PlannedStack& stack : module.stacks) {
      if (stack.slices.size() != 1) return nullptr;
      const PlannedSlice& slice = stack.slices.front();
      for (const SliceInput& input : slice.inputs) {
        const LayerStack* own = tensors_->find_stack(*input.view, stack.stack.prefix);
        if (input.first_layer != 0 || !own || own->count != slice.layers) return nullptr;
      }
    }
    const PlannedSlice& slice = module.first;
    if (goes_by_columns(slice)) return nullptr;
    for (const SliceInput& input : slice.inputs) {
      if (has_gradient(slice.levels_of(input))) return nullptr;
    }
    for (const auto& [name, shape] : slice.inputs.front().view->tensors) {
      if (!is_of_module(name, module.name)) return nullptr;
    }
    return &slice;
  }

  /// One rule for all tensors of a module, where no parameter depends on the layer.
  bool write_whole(const PlannedModule& module) {
    const PlannedSlice* slice = whole_slice(module);
    if (!slice) return false;
    const MergekitView& first = *slice->inputs.front().view;
    if (tensors_->lacks_head(module, first)) return false;
    std::vector<std::string> names;
    RuleDraft draft;
    std::set<std::string> except;
    for (const auto& [name, shape] : first.tensors) {
      if (!tensors_->is_dropped(first, name)) {
        names.push_back(name);
      } else if (const auto split = split_layer_name(name)) {
        except.insert(fmt::format("{}{{i}}.{}", split->stack, split->rest));
      } else {
        except.insert(name);
      }
    }
    for (const std::string& name : names) {
      for (const SliceInput& input : slice->inputs) {
        if (!input.view->shape_of(name)) return false;
      }
    }
    if (tensors_->layers_are_cut(first)) return false;
    draft.except.assign(except.begin(), except.end());
    const std::string variable = "name" + rules_.suffix();
    MergeRequest request = request_for(*slice);
    SettingScope scope;
    scope.names = scope.rests = names;
    scope.name_text = variable;
    scope.rest_text = variable;
    request.scope = scope;
    for (MergeOperand& operand : request.operands) operand.scope = scope;
    if (!merge(request, *slice, {names}, draft)) return true;
    for (const SliceInput& input : slice->inputs)
      draft.operands.push_back(fmt::format("{}{{{}...}}", input.view->operand, variable));
    draft.to = fmt::format("{{{}}}", variable);
    rules_.write(draft);
    for (const std::string& name : names) result_.add(name, *first.shape_of(name));
    return true;
  }

  MergeRequest request_for(const PlannedSlice& slice) const {
    MergeRequest request;
    request.method = &method_;
    request.levels = slice.levels;
    request.method_span = config_.method.span;
    request.span = slice.span;
    for (const SliceInput& input : slice.inputs) {
      MergeOperand operand;
      operand.view = input.view;
      operand.is_base = input.is_base;
      operand.span = input.written->model.span;
      operand.levels = slice.levels_of(input);
      request.operands.push_back(std::move(operand));
    }
    return request;
  }

  /// Checks the shapes of what is merged and makes the rule's body. `names` are those of the
  /// tensors in each operand, or in all of them.
  bool merge(const MergeRequest& request, const PlannedSlice& slice,
             const std::vector<std::vector<std::string>>& names, RuleDraft& draft) {
    for (std::size_t k = 0; k < names.front().size(); ++k) {
      std::vector<std::string> tensor;
      for (std::size_t m = 0; m < slice.inputs.size(); ++m)
        tensor.push_back(names[names.size() == 1 ? 0 : m][k]);
      if (!tensors_->same_shapes(slice, tensor)) return false;
    }
    auto body = merge_body(request, resolver_, diagnostics_);
    if (!body) return false;
    draft.body = std::move(*body);
    draft.span = slice.inputs.front().written->model.span;
    return true;
  }

  static std::string shifted(const std::string& variable, std::int64_t by) {
    if (by == 0) return variable;
    return fmt::format("{} {} {}", variable, by > 0 ? '+' : '-', by > 0 ? by : -by);
  }

  /// What an expression calls the tensor `name` of layer i + by.
  static std::string layer_name_text(const std::string& stack, const std::string& layer,
                                     const std::string& name) {
    return fmt::format("{} + text({}) + '.' + {}", expression_text(stack), layer, name);
  }

  /// The rule for a slice, or for those of its tensors that `only` names.
  void write_layers(const PlannedStack& planned, const PlannedSlice& slice,
                    const std::vector<std::string>& only) {
    const std::string& stack = planned.stack.prefix;
    const SliceInput& first = slice.inputs.front();
    const std::string i = "i" + rules_.suffix();
    const std::string name = "name" + rules_.suffix();
    MergeRequest request = request_for(slice);
    std::vector<std::vector<std::string>> names(slice.inputs.size());
    std::set<std::string> except;
    bool all = first.first_layer == 0;
    SettingScope& scope = request.scope;
    for (const auto& [tensor, shape] : first.view->tensors) {
      const auto split = split_layer_name(tensor);
      if (!split || split->stack != stack) continue;
      const std::string rest(split->rest);
      if (!only.empty() && std::find(only.begin(), only.end(), rest) == only.end()) continue;
      const std::int64_t place = split->layer - first.first_layer;
      if (place < 0 || place >= slice.layers) {
        all = false;
        continue;
      }
      if (tensors_->is_dropped(*first.view, tensor)) {
        except.insert(fmt::format("{}{{{}}}.{}", stack, i, split->rest));
        continue;
      }
      scope.rests.emplace_back(split->rest);
      scope.places.push_back(place);
      scope.names.push_back(fmt::format("{}{}.{}", stack, slice.first_result + place, split->rest));
      for (std::size_t m = 0; m < slice.inputs.size(); ++m) {
        const SliceInput& input = slice.inputs[m];
        const auto own = tensors_->name_in(
            input, fmt::format("{}{}.{}", stack, input.first_layer + place, split->rest));
        if (!own) return;
        names[m].push_back(*own);
      }
      result_.add(scope.names.back(), shape);
    }
    scope.count = slice.layers;
    scope.place_text = shifted(i, -first.first_layer);
    scope.rest_text = name;
    RuleDraft draft;
    for (std::size_t m = 0; m < slice.inputs.size(); ++m) {
      const SliceInput& input = slice.inputs[m];
      const std::string layer = shifted(i, input.first_layer - first.first_layer);
      SettingScope& own = request.operands[m].scope;
      own = scope;
      own.names = names[m];
      own.name_text = layer_name_text(stack, layer, name);
      draft.operands.push_back(fmt::format("{}{}{{{}}}.{{{}{}}}", input.view->operand, stack, layer,
                                           name, only.empty() ? "..." : ""));
    }
    const std::string layer = shifted(i, slice.first_result - first.first_layer);
    scope.name_text = layer_name_text(stack, layer, name);
    draft.to = fmt::format("{}{{{}}}.{{{}}}", stack, layer, name);
    draft.except.assign(except.begin(), except.end());
    if (!all || !only.empty()) {
      draft.range =
          fmt::format("{}: {} .. {}", i, first.first_layer, first.first_layer + slice.layers);
    }
    if (!only.empty()) {
      draft.range += fmt::format(", {}: {}", name, list_of_names(only));
      request.vectors = first.view->shape_of(names.front().front())->size() < 2;
    }
    if (merge(request, slice, names, draft)) rules_.write(draft);
  }

  /// Tensors of no layer: those before the layers from the first slice, those after from the last.
  void write_others(const PlannedModule& module) {
    std::vector<NameGroup> groups;
    for (const PlannedSlice* slice : {&module.first, &module.last}) {
      const MergekitView& view = *slice->inputs.front().view;
      for (const auto& [name, shape] : view.tensors) {
        if (split_layer_name(name) || tensors_->is_dropped(view, name)) continue;
        const bool before = comes_before_layers(name);
        if (before == (slice == &module.first) && is_of_module(name, module.name))
          add_other(name, shape, *slice, groups);
      }
      const bool needs_head = slice == &module.last && !donor_->ties_embeddings();
      if (needs_head) add_head_of_donor(module, *slice, groups);
    }
    for (const NameGroup& group : groups) emit_group(group);
  }

  /// The first model may tie what the result does not.
  void add_head_of_donor(const PlannedModule& module, const PlannedSlice& slice,
                         std::vector<NameGroup>& groups) {
    for (const auto& [name, shape] : donor_->tensors) {
      if (is_head(name) && is_of_module(name, module.name) && !result_.shape_of(name))
        add_other(name, shape, slice, groups);
    }
  }

  void add_other(const std::string& name, const Shape& shape, const PlannedSlice& slice,
                 std::vector<NameGroup>& groups) {
    MergeRequest request = request_for(slice);
    std::vector<std::vector<std::string>> names;
    bool exact = true;
    NameGroup group;
    request.scope.names = request.scope.rests = {name};
    request.vectors = shape.size() < 2;
    for (std::size_t m = 0; m < slice.inputs.size(); ++m) {
      const auto own = tensors_->name_in(slice.inputs[m], name);
      if (!own) return;
      exact = exact && *own == name;
      group.operands.push_back(slice.inputs[m].view->operand + *own);
      request.operands[m].scope = request.scope;
      request.operands[m].scope.names = {*own};
      names.push_back({*own});
    }
    RuleDraft draft;
    result_.add(name, shape);
    if (!merge(request, slice, names, draft)) return;
    group.names = {name};
    group.slice = &slice;
    group.body = std::move(draft.body);
    if (exact) {
      group.operands.clear();
      for (NameGroup& other : groups) {
        if (!other.operands.empty() || !(other.body == group.body) ||
            !same_models(*other.slice, slice))
          continue;
        other.names.push_back(name);
        return;
      }
    }
    groups.push_back(std::move(group));
  }

  static bool same_models(const PlannedSlice& a, const PlannedSlice& b) {
    return std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(),
                      [](const SliceInput& x, const SliceInput& y) { return x.view == y.view; });
  }

  void emit_group(const NameGroup& group) {
    RuleDraft draft;
    draft.body = group.body;
    draft.span = group.slice->inputs.front().written->model.span;
    draft.operands = group.operands;
    const std::string variable = "name" + rules_.suffix();
    const bool one = group.names.size() == 1;
    draft.to = one ? group.names.front() : fmt::format("{{{}}}", variable);
    if (draft.operands.empty()) {
      for (const SliceInput& input : group.slice->inputs)
        draft.operands.push_back(input.view->operand + draft.to);
    }
    if (!one) {
      draft.range = fmt::format("{}: {}", variable, list_of_names(group.names));
    }
    rules_.write(draft);
  }

  const MergekitConfig& config_;
  const MergekitMethod& method_;
  MergekitModels& models_;
  RuleWriter rules_;
  Diagnostics& diagnostics_;
  SettingResolver resolver_;
  std::deque<MergekitInput> storage_;
  std::vector<PlannedModule> modules_;
  const MergekitView* donor_ = nullptr;
  std::optional<MergeTensors> tensors_;
  MergekitView result_;
};

}  // namespace

std::optional<MergekitView> write_document(const MergekitConfig& config, MergekitModels& models,
                                           const DocumentRules& rules, Diagnostics& diagnostics) {
  return DocumentWriter(config, models, rules, diagnostics).write();
}

}  // namespace inarch
