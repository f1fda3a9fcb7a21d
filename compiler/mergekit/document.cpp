#include "compiler/mergekit/document.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/mergekit/combine.h"
#include "compiler/mergekit/layer_rule.h"
#include "compiler/mergekit/result_config.h"
#include "compiler/mergekit/rule_draft.h"
#include "compiler/mergekit/slices.h"
#include "compiler/mergekit/tensors.h"
#include "compiler/mergekit/vocabulary_section.h"

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
        texts_(rules),
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
    vocabulary_.emplace(config_, models_, *donor_, modules_, diagnostics_);
    if (diagnostics_.errors() != before) return std::nullopt;
    if (texts_.vocabulary) texts_.vocabulary->append(vocabulary_->text());
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
    write_others(module, false);
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

  /// Whether a tensor has a row for each token, and these are not the model's own.
  bool follows_vocabulary(std::string_view tensor) const {
    return vocabulary_->has_rows() && (is_embedding(tensor) || is_head(tensor));
  }

  /// One rule for all tensors of a module, where no parameter depends on the layer.
  bool write_whole(const PlannedModule& module) {
    const PlannedSlice* slice = whole_slice(module);
    if (!slice) return false;
    const MergekitView& first = *slice->inputs.front().view;
    const bool by_token = vocabulary_->has_rows();
    if (!by_token && tensors_->lacks_head(module, first)) return false;
    std::vector<std::string> names;
    RuleDraft draft;
    std::set<std::string> except;
    for (const auto& [name, shape] : first.tensors) {
      if (follows_vocabulary(name)) {
        except.insert(name);
      } else if (!tensors_->is_dropped(first, name)) {
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
    MergeRequest request = request_for(*slice, method_, config_.method.span);
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
    if (by_token) write_others(module, true);
    return true;
  }

  /// Checks the shapes of what is merged and makes the rule's body. `names` are those of the
  /// tensors in each operand, or in all of them.
  bool merge(const MergeRequest& request, const PlannedSlice& slice,
             const std::vector<std::vector<std::string>>& names, RuleDraft& draft) {
    for (std::size_t k = 0; k < names.front().size(); ++k) {
      std::vector<std::string> tensor;
      for (std::size_t m = 0; m < slice.inputs.size(); ++m)
        tensor.push_back(names[names.size() == 1 ? 0 : m][k]);
      const bool rows = !follows_vocabulary(tensor.front());
      if (!tensors_->same_shapes(slice, tensor, rows)) return false;
    }
    MergeRequest asked = request;
    if (config_.compat) asked.rounded_as = config_.dtype->text;
    auto body = merge_body(asked, resolver_, diagnostics_);
    if (!body) return false;
    draft.body = std::move(*body);
    draft.span = slice.inputs.front().written->model.span;
    return true;
  }

  /// The rule for a slice, or for those of its tensors that `only` names.
  void write_layers(const PlannedStack& stack, const PlannedSlice& slice,
                    const std::vector<std::string>& only) {
    LayerRule rule;
    rule.request = request_for(slice, method_, config_.method.span);
    if (!fill_layer_rule(stack, slice, only, rules_.suffix(), *tensors_, rule)) return;
    for (auto& [name, shape] : rule.results) result_.add(name, shape);
    if (merge(rule.request, slice, rule.names, rule.draft)) rules_.write(rule.draft);
  }

  /// Tensors of no layer, or those that follow the vocabulary alone: those before the layers from
  /// the first slice, those after from the last.
  void write_others(const PlannedModule& module, bool by_token) {
    std::vector<NameGroup> groups;
    for (const PlannedSlice* slice : {&module.first, &module.last}) {
      const MergekitView& view = *slice->inputs.front().view;
      for (const auto& [name, shape] : view.tensors) {
        if (split_layer_name(name) || tensors_->is_dropped(view, name)) continue;
        if (by_token && !follows_vocabulary(name)) continue;
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
    MergeRequest request = request_for(slice, method_, config_.method.span);
    std::vector<std::vector<std::string>> names;
    const bool by_token = follows_vocabulary(name);
    bool exact = true;
    NameGroup group;
    request.scope.names = request.scope.rests = {name};
    request.vectors = shape.size() < 2;
    for (std::size_t m = 0; m < slice.inputs.size(); ++m) {
      const auto own = tensors_->name_in(slice.inputs[m], name);
      if (!own) return;
      exact = exact && *own == name && !by_token;
      group.operands.push_back(by_token ? rows_of(*slice.inputs[m].view, name)
                                        : slice.inputs[m].view->operand + *own);
      request.operands[m].scope = request.scope;
      request.operands[m].scope.names = {*own};
      names.push_back({*own});
    }
    RuleDraft draft;
    result_.add(name, shape);
    if (!merge(request, slice, names, draft)) return;
    const bool has_rows = is_embedding(name) || is_head(name);
    if (has_rows && !by_token && !tensors_->check_rows(slice.inputs.front(), names[0][0])) return;
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

  /// The operand with a model's rows of a tensor, by the result's tokens.
  std::string rows_of(const MergekitView& view, const std::string& tensor) {
    std::vector<std::string> names;
    for (const SliceInput& source : vocabulary_->sources())
      names.push_back(tensors_->name_in(source, tensor).value_or(tensor));
    return vocabulary_->rows_of(view, tensor, names, *texts_.definitions);
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
  DocumentRules texts_;
  RuleWriter rules_;
  Diagnostics& diagnostics_;
  SettingResolver resolver_;
  std::deque<MergekitInput> storage_;
  std::vector<PlannedModule> modules_;
  const MergekitView* donor_ = nullptr;
  std::optional<MergeTensors> tensors_;
  std::optional<VocabularySection> vocabulary_;
  MergekitView result_;
};

}  // namespace

std::optional<MergekitView> write_document(const MergekitConfig& config, MergekitModels& models,
                                           const DocumentRules& rules, Diagnostics& diagnostics) {
  return DocumentWriter(config, models, rules, diagnostics).write();
}

}  // namespace inarch
