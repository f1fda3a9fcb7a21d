#include "compiler/recipe/model_card.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/bind_files.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Licences that let what is made under them have another.
constexpr std::array<std::string_view, 11> permissive = {
    "apache-2.0", "mit", "bsd",  "bsd-2-clause", "bsd-3-clause", "cc0-1.0",
    "unlicense",  "isc", "zlib", "wtfpl",        "cc-by-4.0"};

bool is_permissive(const std::string& licence) {
  return std::find(permissive.begin(), permissive.end(), licence) != permissive.end();
}

/// What the hub calls the model: its id where one is known, else its folder's name.
std::string hub_name(const BoundSource& source) {
  const std::string& where = source.checkpoint->location;
  const Value::Map* config = source.checkpoint->config.if_map();
  for (const auto& [key, value] : config ? *config : Value::Map()) {
    const std::string* id = value.if_text();
    if (key != "_name_or_path" || !id || id->find("..") != std::string::npos) continue;
    const auto slash = id->find('/');
    const bool is_id = slash != 0 && slash != std::string::npos && slash == id->rfind('/');
    if (is_id) return *id;
  }
  // A snapshot of the hub's cache: models--org--name/snapshots/REVISION.
  const auto cached = where.rfind("models--");
  if (cached != std::string::npos) {
    std::string id = where.substr(cached + 8, where.find('/', cached) - cached - 8);
    const auto dashes = id.find("--");
    if (dashes != std::string::npos) return id.replace(dashes, 2, "/");
  }
  std::string name = where;
  while (!name.empty() && name.back() == '/') name.pop_back();
  return name.substr(name.rfind('/') + 1);
}

std::vector<std::string> base_models(const BoundRecipe& bound) {
  std::vector<std::string> names;
  for (const BoundSource& source : bound.sources) {
    const std::string name = hub_name(source);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

void collect_methods(const TensorExprPtr& value, std::set<Transform>& methods) {
  if (!value) return;
  if (value->kind == TensorExpr::Kind::call && spec(value->transform).family == Family::merging)
    methods.insert(value->transform);
  for (const TensorExprPtr& input : value->inputs) collect_methods(input, methods);
}

std::set<Transform> merging_methods(const Recipe& recipe) {
  std::set<Transform> methods;
  for (const std::vector<Rule>* rules : {&recipe.definitions, &recipe.rules}) {
    for (const Rule& rule : *rules) {
      collect_methods(rule.value, methods);
      for (const NamedOperand& operand : rule.operands)
        collect_methods(operand.expression, methods);
    }
  }
  return methods;
}

/// More backticks than the text has in a row.
std::string fence_for(std::string_view text) {
  std::size_t longest = 2, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(longest + 1, '`');
}

std::string head(const BoundRecipe& bound, const std::vector<std::string>& bases, bool merged) {
  std::string text = "---\n";
  if (!bases.empty()) text += "base_model:\n";
  for (const std::string& base : bases) text += fmt::format("- {}\n", json_quote(base));
  if (bases.size() > 1) text += "base_model_relation: merge\n";
  if (!bound.recipe->license.empty())
    text += fmt::format("license: {}\n", json_quote(bound.recipe->license));
  text += "library_name: transformers\ntags:\n- inarch\n";
  if (merged) text += "- merge\n";
  return text + "---\n";
}

}  // namespace

std::string model_card(const BoundRecipe& bound, const BoundOutput& output,
                       const SourceMap& texts) {
  const Recipe& recipe = *bound.recipe;
  const std::vector<std::string> bases = base_models(bound);
  const std::set<Transform> methods = merging_methods(recipe);
  std::string text = head(bound, bases, bases.size() > 1 || !methods.empty());
  std::string title = recipe.name.empty() ? "Model" : recipe.name;
  if (!output.name.empty()) title += fmt::format(", {}", output.name);
  text += fmt::format("# {}\n\nMade with inarch of:\n\n", title);
  for (const std::string& base : bases) text += fmt::format("- {}\n", base);
  if (!methods.empty()) text += "\nMerged with:\n\n";
  for (const Transform method : methods)
    text += fmt::format("- `{}`: {}\n", spec(method).name, spec(method).summary);
  text += "\n`manifest.json` has the digests of all tensors and of the files they were made of.\n";
  std::vector<FileId> files = {recipe.file};
  files.insert(files.end(), recipe.parts.begin(), recipe.parts.end());
  for (const FileId file : files) {
    const std::string_view body = texts.text(file);
    const std::string fence = fence_for(body);
    text += fmt::format("\n{}\n\n{}yaml\n{}{}{}\n",
                        file == recipe.file ? "The recipe:" : "It includes:", fence, body,
                        body.ends_with('\n') ? "" : "\n", fence);
  }
  return text;
}

/// Of the head between `---` lines only one line matters, so it is not parsed as YAML.
std::string source_licence(const Checkpoint& checkpoint, const BindOptions& options) {
  const auto path = side_file_path(checkpoint, "README.md");
  if (!path || !options.read_text) return {};
  const auto text = options.read_text(*path);
  if (!text.ok() || !text->starts_with("---")) return {};
  const std::string head = text->substr(0, text->find("\n---", 3));
  const auto at = head.find("\nlicense:");
  if (at == std::string::npos) return {};
  const auto begin = at + 9;
  std::string licence = head.substr(begin, head.find('\n', begin) - begin);
  std::erase_if(licence, [](char c) { return c == ' ' || c == '"' || c == '\'' || c == '\r'; });
  return licence;
}

void check_licences(const BoundRecipe& bound, const BindOptions& options,
                    Diagnostics& diagnostics) {
  const std::string& chosen = bound.recipe->license;
  std::string first, first_source;
  for (const BoundSource& source : bound.sources) {
    const std::string licence = source_licence(*source.checkpoint, options);
    if (licence.empty() || is_permissive(licence) || licence == chosen) continue;
    const std::string shown = escape_for_terminal(licence);
    if (!chosen.empty()) {
      diagnostics.add(warning("W502", fmt::format("source '{}' is under the licence '{}', and the "
                                                  "recipe says '{}'",
                                                  source.name, shown, escape_for_terminal(chosen)))
                          .at(bound.recipe->license_span)
                          .also(source.declaration->span, "its README.md says so"));
    } else if (first.empty()) {
      first = licence;
      first_source = source.name;
    } else if (licence != first) {
      diagnostics.add(
          warning("W502", fmt::format("source '{}' is under the licence '{}', and '{}' under '{}'",
                                      source.name, shown, first_source, escape_for_terminal(first)))
              .at(source.declaration->span, "its README.md says so")
              .hint("license: … at the top of the recipe, once you know which one holds"));
    }
  }
}

}  // namespace inarch
