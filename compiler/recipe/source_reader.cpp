#include "compiler/recipe/source_reader.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/recipe/fields.h"
#include "compiler/recipe/rule_reader.h"

namespace inarch {

namespace {

std::optional<Place> bare_path(const YamlNode& node, Diagnostics& diagnostics) {
  auto text = parse_template(node.text, node.span, diagnostics);
  if (!text) return std::nullopt;
  return Place{false, std::move(*text), std::nullopt, node.span};
}

/// What `path` or `hub` say; nothing when neither does, or both, which is a fault unless neither
/// must be there.
std::optional<Place> read_place(const YamlNode& node, const Fields& fields, const char* example,
                                bool required, Diagnostics& diagnostics) {
  auto path = fields.text("path");
  auto hub = fields.text("hub");
  if (!path && !hub && (!required || fields.misspelt({"path", "hub"}))) return std::nullopt;
  if (static_cast<bool>(path) == static_cast<bool>(hub)) {
    diagnostics.add(
        error("E137", "a source has either 'path' or 'hub'").at(node.span).hint(example));
    return std::nullopt;
  }
  Place place;
  place.is_hub = static_cast<bool>(hub);
  place.text = std::move(hub ? *hub : *path);
  place.revision = fields.text("revision");
  place.span = node.span;
  return place;
}

void read_adapter(const YamlNode& node, SourceLocation& location, Diagnostics& diagnostics) {
  if (node.is_scalar()) {
    auto place = bare_path(node, diagnostics);
    if (place) location.adapters.push_back({std::move(*place), nullptr});
    return;
  }
  const Fields fields(node, "an adapter", {"path", "hub", "revision", "scale"}, diagnostics);
  if (!node.is_mapping()) return;
  auto place = read_place(node, fields, "path: adapters/math", true, diagnostics);
  ExprPtr scale = fields.expression("scale");
  if (place) location.adapters.push_back({std::move(*place), std::move(scale)});
}

void read_adapters(const Fields& fields, SourceLocation& location, Diagnostics& diagnostics) {
  const YamlNode* one = fields.get("adapter");
  const YamlNode* several = fields.sequence("adapters");
  if (one != nullptr && several != nullptr) {
    diagnostics.add(error("E133", "a source has 'adapter' or 'adapters', not both")
                        .at(fields.key_span("adapters"))
                        .also(fields.key_span("adapter"), "also given"));
  }
  if (one != nullptr) read_adapter(*one, location, diagnostics);
  for (std::size_t k = 0; several != nullptr && k < several->items.size(); ++k)
    read_adapter(several->items[k], location, diagnostics);
  if (several != nullptr && several->items.empty())
    diagnostics.add(error("E132", "'adapters' names none").at(several->span));
}

std::optional<StatesDecl> read_states(const Fields& source_fields, const SourceDecl& source,
                                      Diagnostics& diagnostics) {
  const YamlNode* node = source_fields.mapping("states");
  if (node == nullptr) return std::nullopt;
  const Fields fields(*node, "hidden states", {"of", "prompts", "token"}, diagnostics);
  StatesDecl states;
  states.span = node->span;
  auto of = fields.text("of");
  const YamlNode* prompts = fields.get("prompts");
  // A text in a list is that text; a text alone is an expression.
  const ParamKind kind =
      prompts != nullptr && prompts->is_sequence() ? ParamKind::text : ParamKind::integer;
  auto read =
      prompts != nullptr ? read_argument_value(*prompts, kind, nullptr, diagnostics) : std::nullopt;
  states.token = fields.text("token");
  for (const char* other : {"path", "hub", "adapter", "adapters"}) {
    if (source_fields.get(other) == nullptr) continue;
    diagnostics.add(error("E133", fmt::format("a source has '{}' or 'states', not both", other))
                        .at(source_fields.key_span(other))
                        .also(source_fields.key_span("states"), "also given"));
    return std::nullopt;
  }
  if (source.is_list) {
    diagnostics.add(error("E137", "hidden states are a source of their own, and none of a list")
                        .at(node->span));
    return std::nullopt;
  }
  if (!of && !fields.misspelt({"of"})) fields.require("of", "of: the source that reads them");
  if (prompts == nullptr && !fields.misspelt({"prompts"}))
    fields.require("prompts", "prompts: a list of texts, or of lists of token ids");
  if (!of || !read) return std::nullopt;
  states.of = std::move(*of);
  states.prompts = std::move(*read);
  return states;
}

}  // namespace

void read_location(const YamlNode& node, SourceDecl& source, Diagnostics& diagnostics) {
  SourceLocation location;
  location.span = node.span;
  if (node.is_scalar()) {
    location.place = bare_path(node, diagnostics);
    if (location.place) source.locations.push_back(std::move(location));
    return;
  }
  const Fields fields(
      node, "a source",
      {"path", "hub", "revision", "adapter", "adapters", "states", "strict", "ignore"},
      diagnostics);
  if (!node.is_mapping()) return;
  if (fields.get("states") != nullptr) {
    location.states = read_states(fields, source, diagnostics);
    if (location.states) source.locations.push_back(std::move(location));
    return;
  }
  read_adapters(fields, location, diagnostics);
  const bool has_adapters = fields.get("adapter") != nullptr || fields.get("adapters") != nullptr;
  location.place =
      read_place(node, fields, "path: ../models/gemma-3-1b-it", !has_adapters, diagnostics);
  if (!location.place && !has_adapters) return;
  source.strict = source.strict || fields.boolean("strict", false);
  if (const YamlNode* ignore = fields.sequence("ignore")) {
    for (const YamlNode& item : ignore->items) {
      auto pattern = parse_name_pattern(item.text, item.span, diagnostics);
      if (pattern) source.ignore.push_back(std::move(*pattern));
    }
  }
  source.locations.push_back(std::move(location));
}

}  // namespace inarch
