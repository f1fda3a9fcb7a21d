#include "compiler/mergekit/settings.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/mergekit/recipe_text.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool fits(const MergekitCase& setting, std::string_view name) {
  return !setting.filter || name.find(*setting.filter) != std::string_view::npos;
}

std::vector<const MergekitCase*> cases_of(std::string_view parameter, const SettingLevels& levels) {
  std::vector<const MergekitCase*> cases;
  for (const MergekitParameters* level : levels) {
    for (const MergekitParameter& given : *level) {
      if (given.name != parameter) continue;
      for (const MergekitCase& setting : given.cases) cases.push_back(&setting);
    }
  }
  return cases;
}

/// Piecewise linear over the layers of a slice; what is no layer has the first value, and a single
/// layer the last.
double value_at(const MergekitCase& setting, const SettingScope& scope, std::size_t tensor) {
  const std::vector<double>& list = setting.values;
  if (list.size() == 1 || scope.places.empty()) return list.front();
  if (scope.count == 1) return list.back();
  const double t = static_cast<double>(scope.places[tensor]) / static_cast<double>(scope.count - 1);
  const double scaled = t * static_cast<double>(list.size() - 1);
  const auto before = static_cast<std::size_t>(scaled);
  const std::size_t after = std::min(list.size() - 1, before + 1);
  const double share = scaled - static_cast<double>(before);
  return (1 - share) * list[before] + share * list[after];
}

std::string list_text(const std::vector<double>& values) {
  std::string text = "[";
  for (const double value : values) text += (text.size() > 1 ? ", " : "") + number_text(value);
  return text + "]";
}

/// `tensors` are those that the entry gives its value.
std::string value_text(const MergekitCase& setting, const SettingScope& scope,
                       const std::vector<std::size_t>& tensors) {
  const double first = value_at(setting, scope, tensors.front());
  const bool same = std::all_of(tensors.begin(), tensors.end(), [&](std::size_t k) {
    return value_at(setting, scope, k) == first;
  });
  if (same) return number_text(first);
  return fmt::format("gradient({}, {}, {})", list_text(setting.values), scope.place_text,
                     scope.count);
}

/// A condition on the rule's own words that tells `filter` apart among `tensors`.
std::string condition_text(const std::string& filter, const SettingScope& scope,
                           const std::vector<std::size_t>& tensors) {
  const bool rest_tells = std::all_of(tensors.begin(), tensors.end(), [&](std::size_t k) {
    return (scope.rests[k].find(filter) != std::string::npos) ==
           (scope.names[k].find(filter) != std::string::npos);
  });
  return fmt::format("contains({}, {})", rest_tells ? scope.rest_text : scope.name_text,
                     expression_text(filter));
}

/// Adds a piece; one with the value of the last is joined to it.
void add_piece(std::vector<SettingPiece>& pieces, std::string condition, std::string value) {
  if (!pieces.empty() && pieces.back().value == value) {
    pieces.back().condition =
        condition.empty() ? "" : fmt::format("{} or {}", pieces.back().condition, condition);
  } else {
    pieces.push_back({std::move(condition), std::move(value)});
  }
}

}  // namespace

void SettingResolver::note_filters(const std::vector<const MergekitCase*>& cases,
                                   const SettingScope& scope) {
  for (const MergekitCase* setting : cases) {
    if (!setting->filter || matched_.count(setting) != 0) continue;
    if (std::find(filters_.begin(), filters_.end(), setting) == filters_.end())
      filters_.push_back(setting);
    const bool met = std::any_of(scope.names.begin(), scope.names.end(),
                                 [&](const std::string& name) { return fits(*setting, name); });
    if (met) matched_.insert(setting);
  }
}

void SettingResolver::report_missing(const MergekitParameterInfo& info,
                                     const std::vector<const MergekitCase*>& cases,
                                     const std::string& tensor, Span asked,
                                     const std::string& whose) {
  const std::string of = whose.empty() ? "" : fmt::format(" of '{}'", escape_for_terminal(whose));
  const std::string name = escape_for_terminal(tensor);
  Diagnostic missing =
      cases.empty()
          ? error("E557", fmt::format("'{}'{} is not given", info.name, of)).at(asked)
          : error("E557", fmt::format("no filter of '{}'{} fits '{}'", info.name, of, name))
                .at(cases.back()->filter_span, "the last one");
  missing.notes.emplace_back("mergekit says so once the models are loaded");
  missing.help = cases.empty() ? fmt::format("parameters: {{ {}: 0.5 }}", info.name)
                               : fmt::format("{}: [ …, {{ value: 0.5 }} ]", info.name);
  diagnostics_.add(std::move(missing));
}

std::string pieces_text(const std::vector<SettingPiece>& pieces) {
  std::string text;
  for (const SettingPiece& piece : pieces) {
    text += piece.value;
    if (&piece == &pieces.back()) break;
    text += fmt::format(" if {} else ", piece.condition);
  }
  return text;
}

std::optional<Setting> SettingResolver::resolve(const MergekitParameterInfo& info,
                                                const SettingLevels& levels,
                                                const SettingScope& scope, Span asked,
                                                const std::string& whose) {
  const std::vector<const MergekitCase*> cases = cases_of(info.name, levels);
  note_filters(cases, scope);
  Setting setting;
  setting.values.assign(scope.size(), info.otherwise.value_or(0));
  std::vector<std::size_t> left(scope.size());
  for (std::size_t k = 0; k < left.size(); ++k) left[k] = k;
  for (const MergekitCase* entry : cases) {
    std::vector<std::size_t> taken;
    std::vector<std::size_t> others;
    for (const std::size_t k : left) (fits(*entry, scope.names[k]) ? taken : others).push_back(k);
    if (taken.empty()) continue;
    for (const std::size_t k : taken) setting.values[k] = value_at(*entry, scope, k);
    if (!setting.span.known()) setting.span = entry->span;
    add_piece(setting.pieces, others.empty() ? "" : condition_text(*entry->filter, scope, left),
              value_text(*entry, scope, taken));
    left = std::move(others);
    if (left.empty()) break;
  }
  if (!left.empty() && !info.otherwise) {
    report_missing(info, cases, scope.names[left.front()], asked, whose);
    return std::nullopt;
  }
  if (!left.empty()) add_piece(setting.pieces, "", number_text(*info.otherwise));
  setting.text = pieces_text(setting.pieces);
  setting.constant = std::all_of(setting.values.begin(), setting.values.end(),
                                 [&](double v) { return v == setting.values.front(); });
  if (setting.constant) setting.text = number_text(setting.values.front());
  return setting;
}

void SettingResolver::report_unmatched() {
  for (const MergekitCase* setting : filters_) {
    if (matched_.count(setting) != 0) continue;
    diagnostics_.add(error("E563", fmt::format("the filter '{}' fits no tensor",
                                               escape_for_terminal(*setting->filter)))
                         .at(setting->filter_span, "matches nothing")
                         .note("mergekit goes on to the next value, and says nothing"));
  }
}

}  // namespace inarch
