#include "compiler/mergekit/combine.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/mergekit/recipe_text.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// An argument of a transform: a value, or a list with one for each model.
struct MergeArgument {
  std::string key;
  std::vector<std::string> values;
  bool is_list = false;
  bool plain = true;  // numbers and words: no expression among them
  Span span;
};

class MergeWriter {
 public:
  MergeWriter(const MergeRequest& request, SettingResolver& resolver, Diagnostics& diagnostics)
      : request_(request),
        method_(*request.method),
        resolver_(resolver),
        diagnostics_(diagnostics) {
    for (const MergeOperand& operand : request.operands) {
      if (!operand.is_base || method_.counts_base) others_.push_back(&operand);
    }
  }

  std::optional<MergeBody> write() {
    if (method_.name == "passthrough") return passthrough();
    if (method_.name == "linear") return linear();
    if (request_.operands.size() == 1) return MergeBody();  // nothing to merge it with
    if (method_.alone_is_copied && method_.base == MergekitMethod::Base::optional &&
        others_.size() == 1)
      return MergeBody();
    if (method_.name == "slerp" || method_.name == "nearswap") return main_parameter("t");
    if (method_.find("lambda")) return differences();
    if (method_.name == "nuslerp") return nuslerp();
    if (method_.name == "multislerp") return multislerp();
    return plain_method();
  }

 private:
  // ---- parameters

  std::optional<Setting> of_method(std::string_view name) {
    return resolver_.resolve(*method_.find(name), request_.levels, request_.scope,
                             request_.method_span, "");
  }

  /// The parameter for each model that is merged; nothing when one is missing.
  std::optional<std::vector<Setting>> of_models(std::string_view name) {
    std::vector<Setting> settings;
    for (const MergeOperand* operand : others_) {
      auto setting = resolver_.resolve(*method_.find(name), operand->levels, operand->scope,
                                       operand->span, operand->view->name);
      if (!setting) return std::nullopt;
      settings.push_back(std::move(*setting));
    }
    return settings;
  }

  void add(std::string_view key, const Setting& setting) {
    arguments_.push_back({std::string(key), {setting.text}, false, setting.constant, setting.span});
  }

  void add_switch(std::string_view key, const Setting& setting) {
    const std::string text = !setting.constant             ? fmt::format("({}) != 0", setting.text)
                             : setting.values.front() != 0 ? "true"
                                                           : "false";
    arguments_.push_back({std::string(key), {text}, false, setting.constant, setting.span});
  }

  void add_list(std::string_view key, const std::vector<Setting>& settings) {
    MergeArgument argument{std::string(key), {}, true, true, {}};
    for (const Setting& setting : settings) {
      argument.values.push_back(setting.text);
      argument.plain = argument.plain && setting.constant;
      if (!argument.span.known()) argument.span = setting.span;
    }
    arguments_.push_back(std::move(argument));
  }

  /// A number where all models have the same, else a list; nothing where it is the default.
  void add_shared(std::string_view key, const std::vector<Setting>& settings) {
    const bool same = std::all_of(settings.begin(), settings.end(), [&](const Setting& s) {
      return s.text == settings.front().text;
    });
    const double otherwise = method_.find(key)->otherwise.value_or(0);
    if (same && settings.front().constant && settings.front().values.front() == otherwise) return;
    if (same) return add(key, settings.front());
    add_list(key, settings);
  }

  /// A parameter of the method, where it is not the default; under the recipe's name for it.
  bool add_optional(std::string_view name, std::string_view key) {
    const MergekitParameterInfo& info = *method_.find(name);
    const auto setting = of_method(name);
    if (!setting) return false;
    if (setting->constant && setting->values.front() == *info.otherwise) return true;
    if (info.is_switch) {
      add_switch(key, *setting);
    } else {
      add(key, *setting);
    }
    return true;
  }

  // ---- methods

  std::optional<MergeBody> passthrough() {
    const MergeOperand& operand = *others_.front();
    MergekitParameterInfo scale = *method_.find("scale");
    scale.otherwise = 1;
    const auto setting =
        resolver_.resolve(scale, operand.levels, operand.scope, operand.span, operand.view->name);
    if (!setting) return std::nullopt;
    if (setting->constant && setting->values.front() == 1) return MergeBody();
    MergeBody body = rescaled(*setting);
    if (!setting->constant) spare_ones(*setting, body);
    return body;
  }

  /// What is multiplied by one is better copied.
  static void spare_ones(const Setting& setting, MergeBody& body) {
    std::vector<SettingPiece> others = setting.pieces;
    if (others.size() < 2 || others.back().value != "1") return;
    others.pop_back();
    for (const SettingPiece& piece : others) {
      if (piece.value == "1") return;
      body.where += (body.where.empty() ? "" : " or ") + piece.condition;
    }
    const std::string text = pieces_text(others);
    body.lines_where = {
        {fmt::format("apply: [ {{ rescale: {} }} ]", is_number(text) ? text : json_quote(text)),
         setting.span}};
  }

  static MergeBody rescaled(const Setting& setting) {
    const std::string text = setting.constant ? setting.text : json_quote(setting.text);
    return {{{fmt::format("apply: [ {{ rescale: {} }} ]", text), setting.span}}};
  }

  std::optional<MergeBody> linear() {
    const auto weights = of_models("weight");
    const auto normalize = of_method("normalize");
    if (!weights || !normalize || !sums_are_sound(*weights, *normalize)) return std::nullopt;
    const bool always = normalize->constant && normalize->values.front() != 0;
    if (weights->size() == 1 && always) return MergeBody();
    if (weights->size() == 1 && normalize->constant) return rescaled(weights->front());
    add_list("weights", *weights);
    add_switch("normalize", *normalize);
    add_rounding();
    return call("linear");
  }

  /// Where weights are divided by their sum, no sum is zero.
  bool sums_are_sound(const std::vector<Setting>& weights, const Setting& normalize) {
    for (std::size_t k = 0; k < request_.scope.size(); ++k) {
      double sum = 0;
      double largest = 0;
      for (const Setting& weight : weights) {
        sum += weight.values[k];
        largest = std::max(largest, std::abs(weight.values[k]));
      }
      if (normalize.values[k] == 0 || std::abs(sum) > 1e-12 * largest) continue;
      const auto varied = std::find_if(weights.begin(), weights.end(),
                                       [](const Setting& w) { return !w.constant; });
      const Setting& cause = varied == weights.end() ? weights.back() : *varied;
      const Span place = cause.span.known() ? cause.span : request_.span;
      diagnostics_.add(
          error("E560", fmt::format("the weights for '{}' sum to zero, and are to be divided by "
                                    "their sum",
                                    escape_for_terminal(request_.scope.names[k])))
              .at(place)
              .note("mergekit writes a model in which every entry is not finite")
              .hint("normalize: false leaves them as they are"));
      return false;
    }
    return true;
  }

  std::optional<MergeBody> main_parameter(std::string_view name) {
    const auto setting = of_method(name);
    if (!setting) return std::nullopt;
    const std::string text = setting->constant ? setting->text : json_quote(setting->text);
    return MergeBody{{{fmt::format("combine: {{ {}: {} }}", method_.name, text), setting->span}}};
  }

  std::optional<MergeBody> differences() {
    const auto weights = of_models("weight");
    if (!weights) return std::nullopt;
    add_list("weights", *weights);
    if (method_.find("density") && !sparse()) return std::nullopt;
    for (const std::string_view name : {"normalize", "rescale", "lambda"}) {
      if (method_.find(name) && !add_optional(name, name)) return std::nullopt;
    }
    if (method_.name == "task_arithmetic") add_rounding();
    return call(method_.name);
  }

  void add_rounding() {
    if (request_.rounded_as.empty()) return;
    arguments_.push_back({"rounded_as", {request_.rounded_as}, false, true, request_.method_span});
  }

  /// What stays of the differences; false on a fault.
  bool sparse() {
    const auto density = of_models("density");
    if (!density || !densities_are_sound(*density)) return false;
    add_shared("density", *density);
    for (const std::string_view more : {"gamma", "epsilon"}) {
      if (!method_.find(more)) continue;
      const auto settings = of_models(more);
      if (!settings || (more == "epsilon" && !epsilons_are_sound(*settings, *density)))
        return false;
      add_shared(more, *settings);
    }
    return true;
  }

  bool densities_are_sound(const std::vector<Setting>& densities) {
    for (const Setting& density : densities) {
      const auto large = std::find_if(density.values.begin(), density.values.end(),
                                      [](double d) { return d > 1; });
      if (large == density.values.end()) continue;
      diagnostics_.add(error("E559", fmt::format("'density' is the share that is kept, and {} is "
                                                 "more than 1",
                                                 number_text(*large)))
                           .at(density.span)
                           .note("mergekit takes it for 1, and says nothing")
                           .hint("density: 1"));
      return false;
    }
    return true;
  }

  /// Probabilities lie between density - epsilon and density + epsilon, and in (0, 1).
  bool epsilons_are_sound(const std::vector<Setting>& epsilons,
                          const std::vector<Setting>& densities) {
    for (std::size_t m = 0; m < epsilons.size(); ++m) {
      for (std::size_t k = 0; k < request_.scope.size(); ++k) {
        const double density = densities[m].values[k];
        const double epsilon = epsilons[m].values[k];
        const bool none = density <= 0 || density >= 1;
        if (none || (density - epsilon > 0 && density + epsilon < 1)) continue;
        const Span place = epsilons[m].span.known() ? epsilons[m].span : densities[m].span;
        diagnostics_.add(
            error("E559",
                  fmt::format("density ± epsilon must lie between 0 and 1, and is {} to {}",
                              number_text(density - epsilon), number_text(density + epsilon)))
                .at(place.known() ? place : request_.span)
                .note("mergekit says so in the middle of the merge")
                .hint(fmt::format("epsilon: {}",
                                  fmt::format("{:.3g}", std::min(density, 1 - density) / 2))));
        return false;
      }
    }
    return true;
  }

  std::optional<MergeBody> nuslerp() {
    const auto weights = of_models("weight");
    const auto flatten = of_method("nuslerp_flatten");
    const auto rows = of_method("nuslerp_row_wise");
    if (!weights || !flatten || !rows) return std::nullopt;
    add_list("weights", *weights);
    if (!flatten->constant || !rows->constant) {
      diagnostics_.add(error("E572",
                             "nuslerp along other axes for some tensors of a layer cannot be "
                             "imported yet")
                           .at(flatten->span.known() ? flatten->span : rows->span));
      return std::nullopt;
    }
    if (flatten->values.front() == 0) {
      const bool columns = rows->values.front() != 0 && !request_.vectors;
      arguments_.push_back({"each", {columns ? "columns" : "vectors"}, false, true, flatten->span});
    }
    add_deltas();
    return call("nuslerp");
  }

  std::optional<MergeBody> multislerp() {
    const auto weights = of_models("weight");
    const auto normalize = of_method("normalize_weights");
    if (!weights || !normalize || !sums_are_sound(*weights, *normalize)) return std::nullopt;
    add_list("weights", *weights);
    if (!add_optional("normalize_weights", "normalize") || !add_optional("eps", "eps"))
      return std::nullopt;
    add_deltas();
    return call("multislerp");
  }

  void add_deltas() {
    if (others_.size() != request_.operands.size())
      arguments_.push_back({"deltas", {"true"}, false, true, {}});
  }

  std::optional<MergeBody> plain_method() {
    for (const MergekitParameterInfo& info : method_.parameters) {
      if (info.name != "int8_mask" && !add_optional(info.name, info.name)) return std::nullopt;
    }
    return call(method_.name);
  }

  // ---- text

  std::string in_flow(const MergeArgument& argument) const {
    if (!argument.is_list) return fmt::format("{}: {}", argument.key, argument.values.front());
    std::string list;
    for (const std::string& value : argument.values) list += (list.empty() ? "" : ", ") + value;
    return fmt::format("{}: [{}]", argument.key, list);
  }

  MergeBody call(std::string_view transform) const {
    const bool plain = std::all_of(arguments_.begin(), arguments_.end(),
                                   [](const MergeArgument& a) { return a.plain; });
    if (arguments_.empty()) return {{{fmt::format("combine: {}", transform), request_.span}}};
    if (!plain) return call_in_block(transform);
    std::string text;
    Span span = request_.span;
    for (const MergeArgument& argument : arguments_) {
      text += (text.empty() ? "" : ", ") + in_flow(argument);
      if (argument.span.known() && span.begin == request_.span.begin) span = argument.span;
    }
    return {{{fmt::format("combine: {{ {}: {{ {} }} }}", transform, text), span}}};
  }

  static bool is_number(const std::string& text) {
    return text.find_first_not_of("0123456789.-+e") == std::string::npos;
  }

  MergeBody call_in_block(std::string_view transform) const {
    MergeBody body;
    body.lines.emplace_back("combine:", request_.span);
    body.lines.emplace_back(fmt::format("  {}:", transform), request_.span);
    for (const MergeArgument& argument : arguments_) {
      const Span span = argument.span.known() ? argument.span : request_.span;
      if (argument.plain) {
        body.lines.emplace_back("    " + in_flow(argument), span);
      } else if (!argument.is_list) {
        body.lines.emplace_back(
            fmt::format("    {}: {}", argument.key, json_quote(argument.values.front())), span);
      } else {
        body.lines.emplace_back(fmt::format("    {}:", argument.key), span);
        for (const std::string& value : argument.values)
          body.lines.emplace_back("      - " + (is_number(value) ? value : json_quote(value)),
                                  span);
      }
    }
    return body;
  }

  const MergeRequest& request_;
  const MergekitMethod& method_;
  SettingResolver& resolver_;
  Diagnostics& diagnostics_;
  std::vector<const MergeOperand*> others_;
  std::vector<MergeArgument> arguments_;
};

}  // namespace

bool MergeBody::operator==(const MergeBody& other) const {
  return std::equal(lines.begin(), lines.end(), other.lines.begin(), other.lines.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first; });
}

std::optional<MergeBody> merge_body(const MergeRequest& request, SettingResolver& resolver,
                                    Diagnostics& diagnostics) {
  return MergeWriter(request, resolver, diagnostics).write();
}

}  // namespace inarch
