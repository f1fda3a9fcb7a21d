#include "compiler/mergekit/layer_rule.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace inarch {

namespace {

std::string shifted(const std::string& variable, std::int64_t by) {
  if (by == 0) return variable;
  return fmt::format("{} {} {}", variable, by > 0 ? '+' : '-', by > 0 ? by : -by);
}

class LayerRuleMaker {
 public:
  LayerRuleMaker(const PlannedStack& planned, const PlannedSlice& slice,
                 const std::vector<std::string>& only, const std::string& suffix,
                 MergeTensors& tensors, LayerRule& rule)
      : stack_(planned.stack.prefix),
        slice_(slice),
        first_(slice.inputs.front()),
        only_(only),
        layer_("i" + suffix),
        name_("name" + suffix),
        tensors_(tensors),
        rule_(rule) {}

  bool make() {
    rule_.names.resize(slice_.inputs.size());
    for (const auto& [tensor, shape] : first_.view->tensors) {
      const auto split = split_layer_name(tensor);
      if (split && split->stack == stack_ && !add(tensor, *split, shape)) return false;
    }
    if (rule_.results.empty()) return false;
    say_scopes();
    say_range();
    return true;
  }

 private:
  /// A tensor of the first input; false when another input lacks it.
  bool add(const std::string& tensor, const LayerName& split, const Shape& shape) {
    const std::string rest(split.rest);
    if (!only_.empty() && std::find(only_.begin(), only_.end(), rest) == only_.end()) return true;
    const std::int64_t place = split.layer - first_.first_layer;
    if (place < 0 || place >= slice_.layers) {
      all_ = false;
      return true;
    }
    if (tensors_.is_dropped(*first_.view, tensor)) {
      except_.insert(fmt::format("{}{{{}}}.{}", stack_, layer_, rest));
      return true;
    }
    SettingScope& scope = rule_.request.scope;
    scope.rests.push_back(rest);
    scope.places.push_back(place);
    scope.names.push_back(fmt::format("{}{}.{}", stack_, slice_.first_result + place, rest));
    rule_.results.emplace_back(scope.names.back(), shape);
    for (std::size_t m = 0; m < slice_.inputs.size(); ++m) {
      const SliceInput& input = slice_.inputs[m];
      const auto own =
          tensors_.name_in(input, fmt::format("{}{}.{}", stack_, input.first_layer + place, rest));
      if (!own) return false;
      rule_.names[m].push_back(*own);
    }
    return true;
  }

  /// What an expression calls a tensor of the layer.
  std::string full_name_text(const std::string& layer) const {
    return fmt::format("{} + text({}) + '.' + {}", expression_text(stack_), layer, name_);
  }

  void say_scopes() {
    SettingScope& scope = rule_.request.scope;
    scope.count = slice_.layers;
    scope.place_text = shifted(layer_, -first_.first_layer);
    scope.rest_text = name_;
    const std::string_view rest = only_.empty() ? "..." : "";
    for (std::size_t m = 0; m < slice_.inputs.size(); ++m) {
      const SliceInput& input = slice_.inputs[m];
      const std::string layer = shifted(layer_, input.first_layer - first_.first_layer);
      SettingScope& own = rule_.request.operands[m].scope;
      own = scope;
      own.names = rule_.names[m];
      own.name_text = full_name_text(layer);
      rule_.draft.operands.push_back(
          fmt::format("{}{}{{{}}}.{{{}{}}}", input.view->operand, stack_, layer, name_, rest));
    }
    const std::string layer = shifted(layer_, slice_.first_result - first_.first_layer);
    scope.name_text = full_name_text(layer);
    rule_.draft.to = fmt::format("{}{{{}}}.{{{}}}", stack_, layer, name_);
    rule_.draft.except.assign(except_.begin(), except_.end());
  }

  void say_range() {
    std::string& range = rule_.draft.range;
    if (!all_ || first_.first_layer != 0 || !only_.empty()) {
      range = fmt::format("{}: {} .. {}", layer_, first_.first_layer,
                          first_.first_layer + slice_.layers);
    }
    if (only_.empty()) return;
    range += fmt::format(", {}: {}", name_, list_of_names(only_));
    rule_.request.vectors = rule_.results.front().second.size() < 2;
  }

  const std::string& stack_;
  const PlannedSlice& slice_;
  const SliceInput& first_;
  const std::vector<std::string>& only_;
  std::string layer_;  // the variables
  std::string name_;
  MergeTensors& tensors_;
  LayerRule& rule_;
  std::set<std::string> except_;
  bool all_ = true;  // the first input has no other layers
};

}  // namespace

MergeRequest request_for(const PlannedSlice& slice, const MergekitMethod& method,
                         Span method_span) {
  MergeRequest request;
  request.method = &method;
  request.levels = slice.levels;
  request.method_span = method_span;
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

bool fill_layer_rule(const PlannedStack& stack, const PlannedSlice& slice,
                     const std::vector<std::string>& only, const std::string& suffix,
                     MergeTensors& tensors, LayerRule& rule) {
  return LayerRuleMaker(stack, slice, only, suffix, tensors, rule).make();
}

std::vector<std::string> names_of_rank(const PlannedStack& stack, const PlannedSlice& slice,
                                       bool vectors) {
  std::set<std::string> names;
  for (const auto& [tensor, shape] : slice.inputs.front().view->tensors) {
    const auto split = split_layer_name(tensor);
    const bool of_stack = split && split->stack == stack.stack.prefix;
    if (of_stack && (shape.size() < 2) == vectors) names.emplace(split->rest);
  }
  return {names.begin(), names.end()};
}

}  // namespace inarch
