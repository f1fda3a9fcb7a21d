#include "compiler/recipe/fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text) {
    const bool word =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!word) return false;
  }
  return true;
}

bool is_marked(std::string_view text) { return text.size() > 1 && text.back() == '?'; }
std::string without_mark(const std::string& text) {
  return is_marked(text) ? text.substr(0, text.size() - 1) : text;
}

void wrong_kind(const YamlNode& node, std::string_view what, std::string_view expected,
                Diagnostics& diagnostics) {
  diagnostics.add(
      error("E131", fmt::format("{} must be {}, not {}", what, expected, node.kind_name()))
          .at(node.span, fmt::format("expected {}", expected)));
}

Fields::Fields(const YamlNode& node, std::string what, std::vector<std::string> known,
               Diagnostics& diagnostics)
    : node_(node), what_(std::move(what)), diagnostics_(diagnostics) {
  if (!node.is_mapping()) {
    wrong_kind(node, what_, "a mapping", diagnostics);
    return;
  }
  for (const auto& [key, value] : node.entries) {
    if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
    const std::string near = nearest(key.text, known);
    if (!near.empty()) meant_.push_back(near);
    diagnostics.add(
        error("E130", fmt::format("{} has no key '{}'", what_, escape_for_terminal(key.text)))
            .at(key.span, "unknown key")
            .note(fmt::format("known keys: {}", join_names(known, 20)))
            .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
  }
}

const YamlNode* Fields::get(std::string_view key) const {
  const YamlNode* value = node_.is_mapping() ? node_.find(key) : nullptr;
  return value && value->is_null() ? nullptr : value;
}

const YamlNode* Fields::require(std::string_view key, std::string_view example) const {
  const YamlNode* value = get(key);
  if (!value && node_.is_mapping() && !misspelt({key})) {
    diagnostics_.add(error("E132", fmt::format("{} needs '{}'", what_, key))
                         .at(node_.span)
                         .hint(std::string(example)));
  }
  return value;
}

bool Fields::misspelt(std::initializer_list<std::string_view> keys) const {
  return std::any_of(meant_.begin(), meant_.end(), [&](const std::string& meant) {
    return std::find(keys.begin(), keys.end(), meant) != keys.end();
  });
}

Span Fields::key_span(std::string_view key) const {
  for (const auto& [name, value] : node_.entries) {
    if (name.text == key) return name.span;
  }
  return node_.span;
}

const YamlNode* Fields::sequence(std::string_view key) const {
  const YamlNode* value = get(key);
  if (!value || value->is_sequence()) return value;
  wrong_kind(*value, fmt::format("'{}'", key), "a list", diagnostics_);
  return nullptr;
}

const YamlNode* Fields::mapping(std::string_view key) const {
  const YamlNode* value = get(key);
  if (!value || value->is_mapping()) return value;
  wrong_kind(*value, fmt::format("'{}'", key), "a mapping", diagnostics_);
  return nullptr;
}

std::optional<Template> Fields::text(std::string_view key) const {
  const YamlNode* value = get(key);
  if (!value) return std::nullopt;
  if (!value->is_scalar()) {
    wrong_kind(*value, fmt::format("'{}'", key), "text", diagnostics_);
    return std::nullopt;
  }
  return parse_template(value->text, value->span, diagnostics_);
}

std::optional<std::string> Fields::plain_text(std::string_view key) const {
  const YamlNode* value = get(key);
  if (!value) return std::nullopt;
  if (!value->is_scalar()) {
    wrong_kind(*value, fmt::format("'{}'", key), "text", diagnostics_);
    return std::nullopt;
  }
  return value->text;
}

bool Fields::boolean(std::string_view key, bool otherwise) const {
  const YamlNode* value = get(key);
  if (!value) return otherwise;
  if (value->is_scalar()) {
    const Value read = scalar_value(*value);
    if (const bool* b = read.if_bool()) return *b;
  }
  diagnostics_.add(error("E131", fmt::format("'{}' must be true or false", key))
                       .at(value->span)
                       .hint(fmt::format("{}: true", key)));
  return otherwise;
}

ExprPtr Fields::expression(std::string_view key) const {
  const YamlNode* value = get(key);
  if (!value) return nullptr;
  if (!value->is_scalar()) {
    wrong_kind(*value, fmt::format("'{}'", key), "an expression", diagnostics_);
    return nullptr;
  }
  std::string_view text = value->text;
  Span span = value->span;
  if (text.size() > 3 && text.substr(0, 2) == "${" && text.back() == '}' &&
      text.find("${", 2) == std::string_view::npos) {
    text = text.substr(2, text.size() - 3);  // `where: ${x}` says the same as `where: x`
  }
  return parse_expression(text, span, diagnostics_);
}

}  // namespace inarch
