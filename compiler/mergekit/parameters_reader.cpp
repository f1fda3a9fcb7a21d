#include "compiler/mergekit/parameters_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/mergekit/methods.h"
#include "compiler/mergekit/values.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

class SettingReader {
 public:
  SettingReader(const std::string& name, Diagnostics& diagnostics)
      : name_(name), what_(fmt::format("'{}'", name)), diagnostics_(diagnostics) {}

  std::vector<MergekitCase> read(const YamlNode& node) {
    std::vector<MergekitCase> cases;
    const bool conditions =
        node.is_sequence() && std::any_of(node.items.begin(), node.items.end(),
                                          [](const YamlNode& item) { return item.is_mapping(); });
    if (node.is_mapping()) {
      read_case(node, cases);
    } else if (conditions) {
      for (const YamlNode& item : node.items) read_case(item, cases);
      check_reachable(cases);
    } else {
      MergekitCase only;
      if (read_value(node, only)) cases.push_back(std::move(only));
    }
    return cases;
  }

 private:
  /// `{ filter: TEXT, value: … }`
  void read_case(const YamlNode& node, std::vector<MergekitCase>& cases) {
    const std::string what = fmt::format("an entry of {}", what_);
    if (!check_mergekit_keys(node, what, {"filter", "value"}, diagnostics_)) return;
    const YamlNode* value = mergekit_entry(node, "value");
    if (!value) {
      diagnostics_.add(error("E558", fmt::format("{} needs a 'value'", what)).at(node.span));
      return;
    }
    MergekitCase found;
    if (!read_value(*value, found)) return;
    if (const YamlNode* filter = mergekit_entry(node, "filter")) {
      const auto text = mergekit_text(*filter, "'filter'", diagnostics_);
      if (!text) return;
      if (*text != "*") found.filter = *text;
      found.filter_span = filter->span;
    }
    cases.push_back(std::move(found));
  }

  /// What follows a value for all tensors is never looked at.
  void check_reachable(const std::vector<MergekitCase>& cases) {
    for (std::size_t k = 0; k + 1 < cases.size(); ++k) {
      if (cases[k].filter) continue;
      const MergekitCase& next = cases[k + 1];
      const Span place = next.filter ? next.filter_span : next.span;
      diagnostics_.add(
          error("E563", next.filter
                            ? fmt::format("the filter '{}' comes after a value for all tensors",
                                          escape_for_terminal(*next.filter))
                            : fmt::format("{} has two values for all tensors", what_))
              .at(place, "never used")
              .also(cases[k].span, "for all tensors")
              .note("mergekit takes the first that fits, and says nothing")
              .hint("put the value without a filter last"));
      return;
    }
  }

  bool read_value(const YamlNode& node, MergekitCase& found) {
    found.span = node.span;
    if (!node.is_sequence()) return add(node, found);
    if (node.items.empty()) {
      diagnostics_.add(error("E558", fmt::format("{} is an empty list", what_)).at(node.span));
      return false;
    }
    return std::all_of(node.items.begin(), node.items.end(),
                       [&](const YamlNode& item) { return add(item, found); });
  }

  bool add(const YamlNode& node, MergekitCase& found) {
    const auto number = mergekit_number(node, what_, diagnostics_);
    if (!number) return false;
    found.values.push_back(*number);
    return in_range(*number, node.span);
  }

  bool in_range(double number, Span span) {
    const bool share = name_ == "density" || name_ == "gamma" || name_ == "select_topk";
    if (!share || number >= 0) return true;
    diagnostics_.add(error("E559", fmt::format("{} must not be negative, and is {}", what_, number))
                         .at(span)
                         .note("mergekit takes it, and keeps other entries than anyone asked for"));
    return false;
  }

  const std::string& name_;
  std::string what_;
  Diagnostics& diagnostics_;
};

}  // namespace

MergekitParameters read_mergekit_parameters(const YamlNode& owner, Diagnostics& diagnostics) {
  MergekitParameters parameters;
  const YamlNode* node = mergekit_entry(owner, "parameters");
  if (!node) return parameters;
  if (!node->is_mapping()) {
    diagnostics.add(
        error("E558", fmt::format("'parameters' must be a mapping, not {}", node->kind_name()))
            .at(node->span));
    return parameters;
  }
  const std::vector<std::string> known = mergekit_parameter_names();
  for (const auto& [key, value] : node->entries) {
    if (std::find(known.begin(), known.end(), key.text) == known.end()) {
      const std::string near = nearest(key.text, known);
      diagnostics.add(
          error("E554",
                fmt::format("no merge method has a parameter '{}'", escape_for_terminal(key.text)))
              .at(key.span, "unknown")
              .note("mergekit ignores parameters that it does not know, and says nothing")
              .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
      continue;
    }
    if (value.is_null()) continue;
    parameters.push_back({key.text, key.span, SettingReader(key.text, diagnostics).read(value)});
  }
  return parameters;
}

}  // namespace inarch
