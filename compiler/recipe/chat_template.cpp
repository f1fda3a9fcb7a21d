#include "compiler/recipe/chat_template.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/bind_files.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::optional<std::string> text_of(const BoundSource& source, std::string_view name,
                                   const BindOptions& options) {
  const auto path = side_file_path(*source.checkpoint, name);
  if (!path) return std::nullopt;
  auto text = options.read_text(*path);
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

/// `chat_template` of a JSON file: a text, or a list of texts with names.
std::optional<std::string> template_in(const Value& document) {
  const Value* found = document.find("chat_template");
  if (!found) return std::nullopt;
  if (found->if_text()) return *found->if_text();
  if (!found->if_list()) return std::nullopt;
  for (const Value& entry : *found->if_list()) {
    const Value* name = entry.find("name");
    const Value* text = entry.find("template");
    if (name && text && text->if_text() && *name == Value("default")) return *text->if_text();
  }
  return std::nullopt;
}

/// The one that most sources have; of equally many, the first.
std::optional<std::string> most_common(const std::vector<std::uint32_t>& sources,
                                       const BoundRecipe& bound, const BindOptions& options) {
  std::vector<std::pair<std::string, int>> counts;
  for (const std::uint32_t source : sources) {
    const auto text = chat_template_of(bound.sources[source], options);
    if (!text) continue;
    const auto known = std::find_if(counts.begin(), counts.end(),
                                    [&](const auto& entry) { return entry.first == *text; });
    if (known == counts.end()) {
      counts.emplace_back(*text, 1);
    } else {
      ++known->second;
    }
  }
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == counts.end() ? std::nullopt : std::optional(most->first);
}

std::optional<std::string> from_file(const Template& given, const BoundRecipe& bound,
                                     const BindOptions& options, Diagnostics& diagnostics) {
  const auto value = evaluate(given, *bound.globals, diagnostics);
  if (!value) return std::nullopt;
  std::string path = to_text(*value);
  const std::string& directory = options.recipe_directory;
  if (!path.empty() && path[0] != '/' && !directory.empty()) path = directory + "/" + path;
  auto text = options.read_text(path);
  if (text) return std::move(*text);
  diagnostics.add(error("E549", fmt::format("the chat template '{}' cannot be read: {}",
                                            escape_for_terminal(path), text.error().message))
                      .at(given.span));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> chat_template_of(const BoundSource& source, const BindOptions& options) {
  auto text = text_of(source, "chat_template.jinja", options);
  if (text) return text;
  for (const std::string_view name : {"chat_template.json", "tokenizer_config.json"}) {
    const auto json = text_of(source, name, options);
    const auto document = json ? parse_json(*json, std::string(name)) : Result<Value>(Value());
    auto found = document ? template_in(*document) : std::nullopt;
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<std::string> bind_chat_template(const VocabularyDecl& declaration,
                                              const std::vector<std::uint32_t>& sources,
                                              const BoundRecipe& bound, const BindOptions& options,
                                              Diagnostics& diagnostics) {
  if (declaration.chat_template_path)
    return from_file(*declaration.chat_template_path, bound, options, diagnostics);
  if (!declaration.chat_template) return std::nullopt;
  const std::string& text = declaration.chat_template->parts.front().text;
  if (text == "auto") return most_common(sources, bound, options);
  if (text.find('{') != std::string::npos) return text;
  std::vector<std::string> names = {"auto"};
  for (const BoundSource& source : bound.sources) {
    names.push_back(source.name);
    if (source.name != text) continue;
    auto found = chat_template_of(source, options);
    if (found) return found;
    diagnostics.add(error("E549", fmt::format("source '{}' has no chat template", source.name))
                        .at(declaration.chat_template->span));
    return std::nullopt;
  }
  const std::string near = nearest(text, names);
  diagnostics.add(
      error("E549", fmt::format("'{}' is neither 'auto' nor a source nor a chat template",
                                escape_for_terminal(text, 60)))
          .at(declaration.chat_template->span)
          .note(fmt::format("sources: {}", join_names(names)))
          .hint(near.empty() ? "{ path: FILE } reads one"
                             : fmt::format("did you mean '{}'?", near)));
  return std::nullopt;
}

}  // namespace inarch
