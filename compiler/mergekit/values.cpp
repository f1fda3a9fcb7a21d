#include "compiler/mergekit/values.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "compiler/mergekit/methods.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// YAML 1.1's booleans, as its Python reader takes them.
std::optional<bool> yaml_1_1_boolean(const YamlNode& node) {
  static constexpr std::array<std::string_view, 3> yes = {"true", "yes", "on"};
  static constexpr std::array<std::string_view, 3> no = {"false", "no", "off"};
  if (!node.is_scalar() || node.quoted) return std::nullopt;
  std::string lower = node.text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (std::find(yes.begin(), yes.end(), lower) != yes.end()) return true;
  if (std::find(no.begin(), no.end(), lower) != no.end()) return false;
  return std::nullopt;
}

/// The number that a scalar is, in quotes or not, finite or not.
std::optional<double> raw_number(const YamlNode& node) {
  if (const auto boolean = yaml_1_1_boolean(node)) return *boolean ? 1.0 : 0.0;
  if (!node.is_scalar()) return std::nullopt;
  YamlNode plain = node;
  plain.quoted = false;
  const Value value = scalar_value(plain);
  if (value.is_number()) return value.as_real();
  if (node.text == "nan" || node.text == "NaN") return std::nan("");
  if (node.text == "inf" || node.text == "Infinity") return INFINITY;
  return std::nullopt;
}

Diagnostic wrong_value(const YamlNode& node, std::string_view what, std::string_view expected) {
  const std::string shown = node.is_scalar()
                                ? fmt::format("'{}'", escape_for_terminal(node.text, 60))
                                : std::string(node.kind_name());
  return error("E558", fmt::format("{} must be {}, not {}", what, expected, shown)).at(node.span);
}

std::optional<MergekitPath> path_from_text(std::string_view text, Span span,
                                           Diagnostics& diagnostics) {
  const std::size_t at = text.find('@');
  if (at != text.rfind('@') || at == 0 || text.empty() || at + 1 == text.size()) {
    diagnostics.add(error("E569", fmt::format("'{}' names no model", escape_for_terminal(text)))
                        .at(span)
                        .hint("path, org/name or org/name@revision"));
    return std::nullopt;
  }
  if (at == std::string_view::npos) return MergekitPath{std::string(text), {}};
  return MergekitPath{std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

/// `{ path, revision }`, or text.
std::optional<MergekitPath> path_from_node(const YamlNode& node, Diagnostics& diagnostics) {
  if (node.is_scalar()) return path_from_text(node.text, node.span, diagnostics);
  if (!check_mergekit_keys(node, "a model's path", {"path", "revision"}, diagnostics)) return {};
  const YamlNode* path = mergekit_entry(node, "path");
  const YamlNode* revision = mergekit_entry(node, "revision");
  if (!path || !path->is_scalar()) {
    diagnostics.add(error("E569", "a model needs a 'path'").at(node.span));
    return std::nullopt;
  }
  MergekitPath found{path->text, {}};
  if (revision && revision->is_scalar()) found.revision = revision->text;
  return found;
}

std::optional<MergekitModel> model_from_mapping(const YamlNode& node, Diagnostics& diagnostics) {
  MergekitModel model;
  model.span = node.span;
  if (node.find("path")) {
    auto path = path_from_node(node, diagnostics);
    if (path) model.model = std::move(*path);
    return path ? std::optional(std::move(model)) : std::nullopt;
  }
  check_mergekit_keys(node, "a model", {"model", "lora", "override_architecture"}, diagnostics);
  const YamlNode* base = mergekit_entry(node, "model");
  if (!base) {
    diagnostics.add(error("E569", "a model needs a 'path'").at(node.span));
    return std::nullopt;
  }
  auto path = path_from_node(*base, diagnostics);
  if (!path) return std::nullopt;
  model.model = std::move(*path);
  if (const YamlNode* lora = mergekit_entry(node, "lora")) {
    model.adapter = path_from_node(*lora, diagnostics);
    if (!model.adapter) return std::nullopt;
  }
  return model;
}

}  // namespace

std::optional<double> mergekit_number(const YamlNode& node, std::string_view what,
                                      Diagnostics& diagnostics) {
  const auto number = raw_number(node);
  if (!number) {
    diagnostics.add(wrong_value(node, what, "a number"));
    return std::nullopt;
  }
  if (std::isfinite(*number)) return number;
  diagnostics.add(error("E559", fmt::format("{} is not finite", what))
                      .at(node.span)
                      .note("mergekit writes a model in which every entry is not finite"));
  return std::nullopt;
}

std::optional<std::int64_t> mergekit_integer(const YamlNode& node, std::string_view what,
                                             std::int64_t least, Diagnostics& diagnostics) {
  const auto number = raw_number(node);
  if (!number || std::floor(*number) != *number || std::abs(*number) > 1e15) {
    diagnostics.add(wrong_value(node, what, "a whole number"));
    return std::nullopt;
  }
  const auto whole = static_cast<std::int64_t>(*number);
  if (whole >= least) return whole;
  diagnostics.add(error("E559", fmt::format("{} must be at least {}, not {}", what, least, whole))
                      .at(node.span));
  return std::nullopt;
}

std::optional<bool> mergekit_boolean(const YamlNode& node, std::string_view what,
                                     Diagnostics& diagnostics) {
  if (const auto number = raw_number(node)) return *number != 0;
  diagnostics.add(wrong_value(node, what, "true or false"));
  return std::nullopt;
}

std::optional<std::string> mergekit_text(const YamlNode& node, std::string_view what,
                                         Diagnostics& diagnostics) {
  if (node.is_scalar()) return node.text;
  diagnostics.add(wrong_value(node, what, "text"));
  return std::nullopt;
}

std::optional<MergekitModel> mergekit_model(const YamlNode& node, Diagnostics& diagnostics) {
  if (node.is_mapping()) return model_from_mapping(node, diagnostics);
  if (!node.is_scalar()) {
    diagnostics.add(error("E569", "a model is a path or org/name").at(node.span));
    return std::nullopt;
  }
  const std::string_view text = node.text;
  const std::size_t plus = text.find('+');
  MergekitModel model;
  model.span = node.span;
  if (plus != text.rfind('+')) {
    diagnostics.add(
        error("E569", fmt::format("'{}' has more than one adapter", escape_for_terminal(text)))
            .at(node.span)
            .hint("model+adapter"));
    return std::nullopt;
  }
  auto base = path_from_text(text.substr(0, plus), node.span, diagnostics);
  if (!base) return std::nullopt;
  model.model = std::move(*base);
  if (plus == std::string_view::npos) return model;
  auto adapter = path_from_text(text.substr(plus + 1), node.span, diagnostics);
  if (!adapter) return std::nullopt;
  model.adapter = std::move(*adapter);
  return model;
}

bool check_mergekit_keys(const YamlNode& node, std::string_view what,
                         const std::vector<std::string>& known, Diagnostics& diagnostics) {
  if (!node.is_mapping()) {
    diagnostics.add(wrong_value(node, what, "a mapping"));
    return false;
  }
  const std::vector<std::string> parameters = mergekit_parameter_names();
  for (const YamlEntry& entry : node.entries) {
    const std::string& key = entry.key.text;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const bool is_parameter =
        std::find(parameters.begin(), parameters.end(), key) != parameters.end();
    const bool has_parameters = std::find(known.begin(), known.end(), "parameters") != known.end();
    if (is_parameter && has_parameters) {
      diagnostics.add(error("E555", fmt::format("'{}' belongs under 'parameters'", key))
                          .at(entry.key.span)
                          .note("mergekit ignores it here, and says nothing")
                          .hint(fmt::format("parameters: {{ {}: … }}", key)));
      continue;
    }
    const std::string near = nearest(key, known);
    diagnostics.add(error("E552", fmt::format("{} has no key '{}'", what, escape_for_terminal(key)))
                        .at(entry.key.span, "unknown")
                        .note("mergekit ignores keys that it does not know, and says nothing")
                        .hint(near.empty() ? fmt::format("keys: {}", join_names(known, 20))
                                           : fmt::format("did you mean '{}'?", near)));
  }
  return true;
}

const YamlNode* mergekit_entry(const YamlNode& mapping, std::string_view key) {
  const YamlNode* value = mapping.find(key);
  return value && !value->is_null() ? value : nullptr;
}

Span mergekit_key_span(const YamlNode& mapping, std::string_view key) {
  for (const YamlEntry& entry : mapping.entries) {
    if (entry.key.text == key) return entry.key.span;
  }
  return mapping.span;
}

}  // namespace inarch
