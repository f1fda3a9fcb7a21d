#include "runtime/cli/recipe_template.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/mergekit/recipe_text.h"
#include "compiler/recipe/format_yaml.h"
#include "compiler/recipe/yaml_tree.h"
#include "compiler/support/text.h"
#include "runtime/io/directory.h"

namespace inarch {

namespace {

std::optional<YamlNode> read_template(std::string_view text) {
  SourceMap sources;
  Diagnostics ignored;
  return read_yaml(sources, sources.add("template", std::string(text)), ignored);
}

std::vector<std::string> keys_of(const YamlNode& root, std::string_view section) {
  std::vector<std::string> keys;
  const YamlNode* node = root.find(section);
  for (std::size_t k = 0; node && k < node->entries.size(); ++k)
    keys.push_back(node->entries[k].key.text);
  return keys;
}

RecipeTemplate describe_template(const embedded::File& file) {
  RecipeTemplate recipe;
  recipe.name = file.name.substr(0, file.name.rfind('.'));
  recipe.summary = file.text.substr(2, file.text.find('\n') - 2);
  recipe.text = file.text;
  if (const auto root = read_template(file.text)) {
    recipe.sources = keys_of(*root, "sources");
    for (const std::string& name : recipe.sources) {
      if (root->find("sources")->find(name)->is_sequence()) recipe.lists.push_back(name);
    }
    recipe.params = keys_of(*root, "params");
  }
  return recipe;
}

/// A text to put in place of another.
struct Replacement {
  Span span;
  std::string text;
};

std::string replaced(std::string text, std::vector<Replacement> replacements) {
  std::sort(replacements.begin(), replacements.end(),
            [](const auto& a, const auto& b) { return a.span.begin > b.span.begin; });
  for (const Replacement& r : replacements)
    text.replace(r.span.begin, r.span.end - r.span.begin, r.text);
  return text;
}

Diagnostic nothing_of_that_name(std::string_view template_name, std::string_view kind,
                                const std::string& name, const std::vector<std::string>& known) {
  const std::string near = nearest(name, known);
  return error("E720", fmt::format("the template '{}' has no {} '{}'", template_name, kind,
                                   escape_for_terminal(name)))
      .in("command line")
      .note(known.empty() ? fmt::format("it has no {}s", kind)
                          : fmt::format("{}s: {}", kind, join_names(known, 20)))
      .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

/// `MODEL+ADAPTER` becomes a path and an adapter.
std::string location_text(const std::string& given, const std::string& prefix, bool adapter) {
  const auto path = [&](const std::string& p) {
    return yaml_text(p.starts_with('/') || p.starts_with('~') ? p : prefix + p);
  };
  const std::size_t plus = adapter ? given.find('+') : std::string::npos;
  if (plus == std::string::npos) return fmt::format("{{ path: {} }}", path(given));
  return fmt::format("{{ path: {}, adapter: {} }}", path(given.substr(0, plus)),
                     path(given.substr(plus + 1)));
}

/// The entry of a source, as `--source` gives it.
std::string source_text(const YamlNode& now, const std::vector<std::string>& paths,
                        const std::string& prefix) {
  if (!now.is_sequence()) return location_text(paths.back(), prefix, now.find("adapter"));
  std::string list = "[";
  for (std::size_t k = 0; k < paths.size(); ++k)
    list += (k == 0 ? " " : ", ") + location_text(paths[k], prefix, false);
  return list + " ]";
}

}  // namespace

const std::vector<RecipeTemplate>& recipe_templates() {
  static const std::vector<RecipeTemplate> templates = [] {
    std::vector<RecipeTemplate> list;
    for (const embedded::File& file : embedded::recipe_templates())
      list.push_back(describe_template(file));
    std::sort(list.begin(), list.end(), [](const RecipeTemplate& a, const RecipeTemplate& b) {
      const bool first = a.name == "blank";
      return first != (b.name == "blank") ? first : a.name < b.name;
    });
    return list;
  }();
  return templates;
}

const RecipeTemplate* find_template(std::string_view name) {
  for (const RecipeTemplate& recipe : recipe_templates()) {
    if (recipe.name == name) return &recipe;
  }
  return nullptr;
}

Result<std::string> fill_template(const RecipeTemplate& recipe, const TemplateChoices& choices) {
  const auto root = read_template(recipe.text);
  std::vector<Replacement> replacements;
  std::map<std::string, std::vector<std::string>> paths;  // by source, in the order given
  for (const auto& [name, path] : choices.sources)
    paths[name.substr(0, name.find('['))].push_back(path);
  for (const auto& [name, given] : paths) {
    const YamlNode* now = root->find("sources")->find(name);
    if (!now) return nothing_of_that_name(recipe.name, "source", name, recipe.sources);
    replacements.push_back({now->span, source_text(*now, given, choices.path_prefix)});
  }
  for (const auto& [name, value] : choices.params) {
    const YamlNode* params = root->find("params");
    const YamlNode* now = params ? params->find(name) : nullptr;
    if (!now) return nothing_of_that_name(recipe.name, "param", name, recipe.params);
    const bool collection = value.starts_with('[') || value.starts_with('{');
    const auto read = collection ? read_template(value) : std::nullopt;
    YamlNode scalar;
    scalar.kind = YamlNode::Kind::scalar;
    scalar.text = value;
    const bool plain = read || (!collection && !scalar_value(scalar).if_text());
    replacements.push_back({now->span, plain ? value : yaml_text(value)});
  }
  SourceMap sources;
  Diagnostics faults;
  const FileId file =
      sources.add(recipe.name, replaced(std::string(recipe.text), std::move(replacements)));
  const auto laid_out = format_yaml(sources, file, faults);
  if (!laid_out) return faults.list().front();
  return *laid_out;
}

std::string way_back(const std::string& file) {
  std::string up;
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t slash = file.find('/', at);
    if (slash == std::string::npos) return up;
    const std::string part = file.substr(at, slash - at);
    if ((part.empty() && at == 0) || part == "..") return real_path(".") + "/";
    if (!part.empty() && part != ".") up += "../";
    at = slash + 1;
  }
  return up;
}

}  // namespace inarch
