#include "compiler/mergekit/document.h"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/mergekit/check.h"
#include "compiler/mergekit/combine.h"
#include "compiler/mergekit/result_config.h"
#include "compiler/mergekit/slices.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// A rule, before it is written.
struct RuleDraft {
  std::vector<std::string> operands;  // "a:model.layers.{i}.{name...}"
  std::string range;                  // of `for`
  std::string to;
  std::vector<std::string> except;
  MergeBody body;
  Span span;
};

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
    check_families();
    if (diagnostics_.errors() != before) return std::nullopt;
    for (const PlannedModule& module : modules_) {
      if (check_module(module)) write_module(module);
    }
    if (diagnostics_.errors() != before) return std::nullopt;
    check_covered();
    resolver_.report_unmatched();
    if (diagnostics_.errors() != before) return std::nullopt;
    set_result_config(*donor_, modules_, result_);
    return std::move(result_);
  }

 private:
  // ---- which tensors

  /// Whether a tensor of a model is left out: what is stored twice, or is no weight.
  bool is_dropped(const MergekitView& view, const std::string& tensor) const {
    if (is_head(tensor) && donor_->ties_embeddings()) return true;
    if (view.legacy.count(tensor) != 0) return true;
    const auto split = split_layer_name(tensor);
    if (!split) return false;
    const auto stack = find_stack(view, split->stack);
    return stack && split->layer >= stack->count;
  }

  const LayerStack* find_stack(const MergekitView& view, std::string_view prefix) const {
    auto known = stacks_.find(&view);
    if (known == stacks_.end()) known = stacks_.emplace(&view, find_layer_stacks(view)).first;
    for (const LayerStack& stack : known->second) {
      if (stack.prefix == prefix) return &stack;
    }
    return nullptr;
  }

  /// The name under which a model has what the result calls `tensor`: a head that is tied is its
  /// embedding. E566 when it has neither.
  std::optional<std::string> name_in(const SliceInput& input, const std::string& tensor) {
    if (input.view->shape_of(tensor)) return tensor;
    if (is_head(tensor)) {
      for (const auto& [name, shape] : input.view->tensors) {
        if (is_embedding(name)) return name;
      }
    }
    const Span place = input.written->model.span;
    if (std::find(missing_.begin(), missing_.end(), input.view) == missing_.end()) {
      missing_.push_back(input.view);
      diagnostics_.add(error("E566", fmt::format("'{}' has no tensor '{}'", input.view->name,
                                                 escape_for_terminal(tensor)))
                           .at(place)
                           .note("mergekit leaves out what is optional, and else fails in the "
                                 "middle of the merge"));
    }
    return std::nullopt;
  }

  /// E567 or E568 unless the tensors of a merge have one shape.
  bool same_shapes(const PlannedSlice& slice, const std::vector<std::string>& names) {
    const Shape& first = *slice.inputs.front().view->shape_of(names.front());
    for (std::size_t k = 1; k < names.size(); ++k) {
      const SliceInput& input = slice.inputs[k];
      const Shape& shape = *input.view->shape_of(names[k]);
      if (shape == first) continue;
      if (mismatched_.insert(input.view).second) report_shapes(slice, names, k);
      return false;
    }
    return true;
  }

  void report_shapes(const PlannedSlice& slice, const std::vector<std::string>& names,
                     std::size_t which) {
    const SliceInput& first = slice.inputs.front();
    const SliceInput& input = slice.inputs[which];
    const std::string name = escape_for_terminal(names[which]);
    const bool vocabulary = is_embedding(names[which]) || is_head(names[which]);
    const std::string shape = shape_text(*input.view->shape_of(names[which]));
    const std::string other = shape_text(*first.view->shape_of(names.front()));
    diagnostics_.add(
        error(vocabulary ? "E568" : "E567",
              vocabulary ? fmt::format("the vocabularies differ: '{}' is {} in '{}' and {} in '{}'",
                                       name, shape, input.view->name, other, first.view->name)
                         : fmt::format("'{}' is {} in '{}' and {} in '{}'", name, shape,
                                       input.view->name, other, first.view->name))
            .at(input.written->model.span, shape)
            .also(first.written->model.span, other)
            .note(vocabulary ? "mergekit takes the rows that both have, or fails, by the method; "
                               "the config keeps the base's size"
                             : "mergekit fails, or leaves this model out here and says so in its "
                               "log, by the method"));
  }

  static std::string shape_text(const Shape& shape) {
    std::string text = "[";
    for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
  }

  static std::string family(const MergekitView& view) {
    const Value* type = view.config.find("model_type");
    return type && type->if_text() ? *type->if_text() : "";
  }

  /// E577 for models of another family than the one that gives the config.
  void check_families() {
    std::set<const MergekitView*> told;
    for (const PlannedModule& module : modules_) {
      std::vector<const PlannedSlice*> slices = {&module.first, &module.last};
      for (const PlannedStack& stack : module.stacks) {
        for (const PlannedSlice& slice : stack.slices) slices.push_back(&slice);
      }
      for (const PlannedSlice* slice : slices) {
        for (const SliceInput& input : slice->inputs) {
          const bool same = family(*input.view) == family(*donor_);
          if (same || !told.insert(input.view).second) continue;
          diagnostics_.add(
              error("E577", fmt::format("'{}' is a {}, and '{}' is a {}", input.view->name,
                                        escape_for_terminal(family(*input.view)), donor_->name,
                                        escape_for_terminal(family(*donor_))))
                  .at(input.written->model.span)
                  .note("mergekit refuses this too, unless it is told --allow-crimes"));
        }
      }
    }
  }

  bool check_module(const PlannedModule& module) {
    if (module.name.empty() || is_module_name(module.name)) return true;
    const std::vector<std::string> names = module_names();
    const std::string near = nearest(module.name, names);
    diagnostics_.add(error("E570", fmt::format("there is no module '{}'",
                                               escape_for_terminal(module.name)))
                         .at(module.span)
                         .note(fmt::format("modules: {}", join_names(names, 20)))
                         .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
    return false;
  }

  /// Every weight of the donor is in one of the modules.
  void check_covered() {
    for (const auto& [name, shape] : donor_->tensors) {
      if (is_dropped(*donor_, name)) continue;
      const bool named =
          std::any_of(modules_.begin(), modules_.end(), [&, tensor = std::string_view(name)](
                                                            const PlannedModule& module) {
            return is_of_module(tensor, module.name);
          });
      if (named) continue;
      diagnostics_.add(error("E570", fmt::format("no module has '{}'", escape_for_terminal(name)))
                           .at(modules_.back().span)
                           .note("mergekit leaves out modules that are not named, and says nothing")
                           .hint("name every module of the model"));
      return;
    }
  }

  // ---- rules

  void write_module(const PlannedModule& module) {
    if (write_whole(module)) return;
    for (const PlannedStack& stack : module.stacks) {
      for (const PlannedSlice& slice : stack.slices) {
        if (slice.layers > 0) write_layers(stack, slice);
      }
    }
    write_others(module);
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
        const LayerStack* own = find_stack(*input.view, stack.stack.prefix);
        if (input.first_layer != 0 || !own || own->count != slice.layers) return nullptr;
      }
    }
    const PlannedSlice& slice = module.first;
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
    if (lacks_head(module, first)) return false;
    std::vector<std::string> names;
    RuleDraft draft;
    std::set<std::string> except;
    for (const auto& [name, shape] : first.tensors) {
      if (!is_dropped(first, name)) {
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
    if (layers_are_cut(first)) return false;
    draft.except.assign(except.begin(), except.end());
    const std::string variable = "name" + suffix();
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
    emit(draft);
    for (const std::string& name : names) result_.add(name, *first.shape_of(name));
    return true;
  }

  /// Whether the result has a head that its first model has not.
  bool lacks_head(const PlannedModule& module, const MergekitView& first) const {
    if (donor_->ties_embeddings()) return false;
    return std::any_of(donor_->tensors.begin(), donor_->tensors.end(), [&](const auto& tensor) {
      return is_head(tensor.first) && is_of_module(tensor.first, module.name) &&
             !first.shape_of(tensor.first);
    });
  }

  /// Whether the checkpoint has layers that its config does not count.
  bool layers_are_cut(const MergekitView& view) const {
    return std::any_of(view.tensors.begin(), view.tensors.end(), [&](const auto& tensor) {
      const auto split = split_layer_name(tensor.first);
      const LayerStack* stack = split ? find_stack(view, split->stack) : nullptr;
      return stack && split->layer >= stack->count;
    });
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

  /// Checks the shapes of what is merged and makes the rule's body. `names` are those of the tensors
  /// in each operand, or in all of them.
  bool merge(const MergeRequest& request, const PlannedSlice& slice,
             const std::vector<std::vector<std::string>>& names, RuleDraft& draft) {
    for (std::size_t k = 0; k < names.front().size(); ++k) {
      std::vector<std::string> tensor;
      for (std::size_t m = 0; m < slice.inputs.size(); ++m)
        tensor.push_back(names[names.size() == 1 ? 0 : m][k]);
      if (!same_shapes(slice, tensor)) return false;
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

  void write_layers(const PlannedStack& planned, const PlannedSlice& slice) {
    const std::string& stack = planned.stack.prefix;
    const SliceInput& first = slice.inputs.front();
    const std::string i = "i" + suffix();
    const std::string name = "name" + suffix();
    MergeRequest request = request_for(slice);
    std::vector<std::vector<std::string>> names(slice.inputs.size());
    std::set<std::string> except;
    bool all = first.first_layer == 0;
    SettingScope& scope = request.scope;
    for (const auto& [tensor, shape] : first.view->tensors) {
      const auto split = split_layer_name(tensor);
      if (!split || split->stack != stack) continue;
      const std::int64_t place = split->layer - first.first_layer;
      if (place < 0 || place >= slice.layers) {
        all = false;
        continue;
      }
      if (is_dropped(*first.view, tensor)) {
        except.insert(fmt::format("{}{{{}}}.{}", stack, i, split->rest));
        continue;
      }
      scope.rests.emplace_back(split->rest);
      scope.places.push_back(place);
      scope.names.push_back(
          fmt::format("{}{}.{}", stack, slice.first_result + place, split->rest));
      for (std::size_t m = 0; m < slice.inputs.size(); ++m) {
        const SliceInput& input = slice.inputs[m];
        const auto own =
            name_in(input, fmt::format("{}{}.{}", stack, input.first_layer + place, split->rest));
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
      draft.operands.push_back(
          fmt::format("{}{}{{{}}}.{{{}...}}", input.view->operand, stack, layer, name));
    }
    const std::string layer = shifted(i, slice.first_result - first.first_layer);
    scope.name_text = layer_name_text(stack, layer, name);
    draft.to = fmt::format("{}{{{}}}.{{{}}}", stack, layer, name);
    draft.except.assign(except.begin(), except.end());
    if (!all) {
      draft.range = fmt::format("{{ {}: {} .. {} }}", i, first.first_layer,
                                first.first_layer + slice.layers);
    }
    if (merge(request, slice, names, draft)) emit(draft);
  }

  /// Tensors of no layer: those before the layers from the first slice, those after from the last.
  void write_others(const PlannedModule& module) {
    std::vector<NameGroup> groups;
    for (const PlannedSlice* slice : {&module.first, &module.last}) {
      const MergekitView& view = *slice->inputs.front().view;
      for (const auto& [name, shape] : view.tensors) {
        if (split_layer_name(name) || is_dropped(view, name)) continue;
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
    for (std::size_t m = 0; m < slice.inputs.size(); ++m) {
      const auto own = name_in(slice.inputs[m], name);
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
    return std::equal(
        a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(),
        [](const SliceInput& x, const SliceInput& y) { return x.view == y.view; });
  }

  void emit_group(const NameGroup& group) {
    RuleDraft draft;
    draft.body = group.body;
    draft.span = group.slice->inputs.front().written->model.span;
    draft.operands = group.operands;
    const std::string variable = "name" + suffix();
    const bool one = group.names.size() == 1;
    draft.to = one ? group.names.front() : fmt::format("{{{}}}", variable);
    if (draft.operands.empty()) {
      for (const SliceInput& input : group.slice->inputs)
        draft.operands.push_back(input.view->operand + draft.to);
    }
    if (!one) {
      std::string list;
      for (const std::string& name : group.names) list += (list.empty() ? "" : ", ") + yaml_text(name);
      draft.range = fmt::format("{{ {}: [{}] }}", variable, list);
    }
    emit(draft);
  }

  // ---- text

  /// Words of a definition's name are its own, so that the names of two rules are never the same.
  std::string suffix() const {
    return rules_.definition.empty() || rule_count_ == 0 ? "" : std::to_string(rule_count_ + 1);
  }

  void emit(const RuleDraft& draft) {
    if (draft.body.where.empty() || !rules_.definition.empty())
      return emit_rule(draft, "", draft.body.lines);
    emit_rule(draft, draft.body.where, draft.body.lines_where);
    emit_rule(draft, fmt::format("not ({})", draft.body.where), {});
  }

  void emit_rule(const RuleDraft& draft, const std::string& where,
                 const std::vector<std::pair<std::string, Span>>& lines) {
    RecipeText& text = *rules_.text;
    std::string from;
    for (const std::string& operand : draft.operands)
      from += (from.empty() ? "" : ", ") + json_quote(operand);
    if (draft.operands.size() > 1) from = "[ " + from + " ]";
    if (rules_.definition.empty()) {
      text.add(fmt::format("  - from: {}", from), draft.span);
    } else {
      text.add(fmt::format("  {}:", json_quote(rules_.definition + "." + draft.to)), draft.span);
      text.add(fmt::format("    from: {}", from), draft.span);
    }
    if (!draft.range.empty()) text.add(fmt::format("    for: {}", draft.range), draft.span);
    if (rules_.definition.empty())
      text.add(fmt::format("    to: {}", yaml_text(draft.to, false)), draft.span);
    if (!draft.except.empty()) {
      std::string list;
      for (const std::string& name : draft.except) list += (list.empty() ? "" : ", ") + yaml_text(name);
      text.add(fmt::format("    except: [ {} ]", list), draft.span);
    }
    if (!where.empty()) text.add(fmt::format("    where: {}", where), draft.span);
    for (const auto& [line, span] : lines)
      text.add("    " + line, span.known() ? span : draft.span);
    ++rule_count_;
  }

  const MergekitConfig& config_;
  const MergekitMethod& method_;
  MergekitModels& models_;
  const DocumentRules& rules_;
  Diagnostics& diagnostics_;
  SettingResolver resolver_;
  std::deque<MergekitInput> storage_;
  std::vector<PlannedModule> modules_;
  const MergekitView* donor_ = nullptr;
  MergekitView result_;
  mutable std::map<const MergekitView*, std::vector<LayerStack>> stacks_;
  std::vector<const MergekitView*> missing_;  // a model that lacks tensors is told of once
  std::set<const MergekitView*> mismatched_;
  std::size_t rule_count_ = 0;
};

}  // namespace

std::optional<MergekitView> write_document(const MergekitConfig& config, MergekitModels& models,
                                           const DocumentRules& rules, Diagnostics& diagnostics) {
  return DocumentWriter(config, models, rules, diagnostics).write();
}

}  // namespace inarch
