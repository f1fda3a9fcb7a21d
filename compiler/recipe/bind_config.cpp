#include "compiler/recipe/bind_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/follow_vocabulary.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// `dtype` and `torch_dtype` say what the weights are stored as, in the config and in the configs
/// inside it.
void follow_dtype(Value& config, std::string_view dtype, const std::vector<ConfigEntry>& set,
                  const std::string& prefix) {
  Value::Map* map = config.if_map();
  if (!map) return;
  for (auto& [key, value] : *map) {
    const std::string path = prefix + key;
    const bool explicit_value =
        std::any_of(set.begin(), set.end(), [&](const ConfigEntry& e) { return e.path == path; });
    if ((key == "dtype" || key == "torch_dtype") && value.if_text() && !explicit_value)
      value = Value(dtype);
    if (value.if_map()) follow_dtype(value, dtype, set, path + ".");
  }
}

std::string_view torch_name(DType dtype) {
  switch (dtype) {
    case DType::bf16:
      return "bfloat16";
    case DType::f16:
      return "float16";
    case DType::f32:
      return "float32";
    case DType::f64:
      return "float64";
    default:
      return "";
  }
}

std::optional<Value> base_config(const ConfigDecl& declaration, const OutputContext& context,
                                 Diagnostics& diagnostics) {
  if (declaration.from) {
    const auto index =
        bind_source_name(*declaration.from, context.scope, context.bound, diagnostics);
    if (!index) return std::nullopt;
    const BoundSource& source = context.bound.sources[*index];
    const Value& config = source.checkpoint->config;
    if (config.is_null()) {
      diagnostics.add(error("E164", fmt::format("source '{}' has no config.json", source.name))
                          .at(declaration.from->span)
                          .hint("config: { file: config.json }"));
      return std::nullopt;
    }
    return config;
  }
  if (!declaration.file) return Value(Value::Map{});
  const auto name = evaluate(*declaration.file, context.scope, diagnostics);
  if (!name) return std::nullopt;
  std::string path = to_text(*name);
  const std::string& directory = context.options.recipe_directory;
  if (!path.empty() && path[0] != '/' && !directory.empty()) path = directory + "/" + path;
  const auto text = context.options.read_text(path);
  if (!text.ok()) {
    Diagnostic d = text.error();
    diagnostics.add(error("E164", fmt::format("cannot read the config: {}", d.message))
                        .at(declaration.file->span)
                        .in(path));
    return std::nullopt;
  }
  auto parsed = parse_json(*text, path);
  if (!parsed.ok()) {
    diagnostics.add(
        error("E164", fmt::format("'{}': {}", escape_for_terminal(path), parsed.error().message))
            .at(declaration.file->span));
    return std::nullopt;
  }
  return std::move(*parsed);
}

/// The mapping at a dotted key, such as the text_config of a multimodal model.
std::optional<Value> part_of(const Value& config, const Template& key, const Scope& scope,
                             Diagnostics& diagnostics) {
  const auto path = evaluate(key, scope, diagnostics);
  if (!path) return std::nullopt;
  const std::string text = to_text(*path);
  const Value* part = config.find_path(text);
  if (part && part->if_map()) return *part;
  std::vector<std::string> names;
  if (const Value::Map* map = config.if_map()) {
    for (const auto& [name, value] : *map) {
      if (value.if_map()) names.push_back(name);
    }
  }
  const std::string near = nearest(text, names);
  diagnostics.add(
      error("E164", fmt::format("the config has no mapping '{}'", escape_for_terminal(text)))
          .at(key.span)
          .note(names.empty()
                    ? "it has no mappings"
                    : fmt::format("it has {}", escape_for_terminal(join_names(names, 12))))
          .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", escape_for_terminal(near))));
  return std::nullopt;
}

}  // namespace

std::optional<Value> NodeEvaluator::evaluate_text(const YamlNode& node, const Scope& scope,
                                                  Diagnostics& diagnostics) {
  auto known = parsed_.find(&node);
  if (known == parsed_.end()) {
    auto text = parse_template(node.text, node.span, diagnostics);
    if (!text) return std::nullopt;
    known = parsed_.emplace(&node, std::move(*text)).first;
  }
  return inarch::evaluate(known->second, scope, diagnostics);
}

std::optional<Value> NodeEvaluator::evaluate(const YamlNode& node, const Scope& scope,
                                             Diagnostics& diagnostics) {
  if (node.is_scalar()) {
    const bool plain = node.text.find("${") == std::string::npos;
    return plain ? scalar_value(node) : evaluate_text(node, scope, diagnostics);
  }
  if (node.is_sequence()) {
    Value::List list;
    for (const YamlNode& item : node.items) {
      auto value = evaluate(item, scope, diagnostics);
      if (!value) return std::nullopt;
      list.push_back(std::move(*value));
    }
    return Value(std::move(list));
  }
  if (node.is_mapping()) {
    Value::Map map;
    for (const auto& [key, item] : node.entries) {
      auto value = evaluate(item, scope, diagnostics);
      if (!value) return std::nullopt;
      map.emplace_back(key.text, std::move(*value));
    }
    return Value(std::move(map));
  }
  return Value();
}

std::optional<Value> evaluate_node(const YamlNode& node, const Scope& scope,
                                   Diagnostics& diagnostics) {
  return NodeEvaluator().evaluate(node, scope, diagnostics);
}

std::optional<std::uint32_t> find_source(const std::string& name, Span span,
                                         const BoundRecipe& bound, Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (std::uint32_t s = 0; s < bound.sources.size(); ++s) {
    if (bound.sources[s].is_adapter()) continue;
    if (bound.sources[s].name == name) return s;
    names.push_back(bound.sources[s].name);
  }
  const std::string near = nearest(name, names);
  diagnostics.add(error("E202", fmt::format("there is no source '{}'", escape_for_terminal(name)))
                      .at(span, "not declared under 'sources'")
                      .note(names.empty() ? "" : fmt::format("sources: {}", join_names(names)))
                      .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
  return std::nullopt;
}

std::optional<std::uint32_t> bind_source_name(const Template& name, const Scope& scope,
                                              const BoundRecipe& bound, Diagnostics& diagnostics) {
  const auto value = evaluate(name, scope, diagnostics);
  return value ? find_source(to_text(*value), name.span, bound, diagnostics) : std::nullopt;
}

std::optional<Value> bind_config(const ConfigDecl& declaration, std::optional<DType> dtype,
                                 const OutputContext& context, Diagnostics& diagnostics) {
  auto config = base_config(declaration, context, diagnostics);
  if (config && declaration.part)
    config = part_of(*config, *declaration.part, context.scope, diagnostics);
  if (!config) return std::nullopt;
  for (const ConfigEntry& entry : declaration.remove) {
    if (config->remove_path(entry.path) || entry.optional) continue;
    diagnostics.add(warning("W202", fmt::format("the config has no '{}' to remove",
                                                escape_for_terminal(entry.path)))
                        .at(entry.span));
  }
  for (const ConfigEntry& entry : declaration.set) {
    auto value = evaluate_node(entry.value, context.scope, diagnostics);
    if (!value || (value->is_null() && entry.optional)) continue;
    if (!config->set_path(entry.path, std::move(*value))) {
      diagnostics.add(error("E165", fmt::format("'{}' cannot be set: a part of it is not a mapping",
                                                escape_for_terminal(entry.path)))
                          .at(entry.span));
    }
  }
  if (context.bound.vocabulary) {
    const auto source =
        declaration.from ? evaluate(*declaration.from, context.scope, diagnostics) : std::nullopt;
    FollowedConfig of{std::nullopt, &declaration.set, &declaration.remove, declaration.span, true};
    if (source)
      of.source = find_source(to_text(*source), declaration.span, context.bound, diagnostics);
    follow_vocabulary(*config, of, context.bound, diagnostics);
  }
  if (dtype && !torch_name(*dtype).empty())
    follow_dtype(*config, torch_name(*dtype), declaration.set, "");
  return config;
}

}  // namespace inarch
