#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "compiler/recipe/match_outputs.h"
#include "compiler/recipe/recipe.h"
#include "compiler/support/text.h"
#include "runtime/cli/completion.h"
#include "runtime/cli/model_argument.h"
#include "runtime/cli/recipe_graph.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/recipe_template.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

namespace fs = std::filesystem;
using Candidates = std::vector<Candidate>;

constexpr std::size_t most_names = 40;

/// A param or a source, and what it is where nobody says otherwise.
struct Named {
  std::string name;
  std::string value;
};

struct RecipeNames {
  std::vector<Named> params;
  std::vector<Named> sources;
};

std::string home_expanded(const std::string& path) {
  const char* home = std::getenv("HOME");
  return home && path.starts_with("~/") ? home + path.substr(1) : path;
}

std::string location_words(const SourceMap& texts, const SourceLocation& location) {
  return location.place ? std::string(texts.text(location.place->span)) : std::string();
}

RecipeNames names_in_recipe(const std::string& path) {
  RecipeNames names;
  SourceMap texts;
  Diagnostics ignored;
  auto text = read_small_file(path, recipe_limit);
  Console silent(Format::quiet, ColorMode::never, true);
  const auto options = compile_options(Arguments(), path, silent);
  if (!text.ok() || !options) return names;
  const auto recipe =
      read_recipe(texts, texts.add(path, std::move(*text)), options->bind.read_part, ignored);
  if (!recipe) return names;
  for (const ParamDecl& param : recipe->params)
    names.params.push_back({param.name, to_text(to_value(param.value))});
  for (const SourceDecl& source : recipe->sources) {
    for (std::size_t k = 0; k < source.locations.size(); ++k) {
      const std::string name = source.is_list ? fmt::format("{}[{}]", source.name, k) : source.name;
      names.sources.push_back({name, location_words(texts, source.locations[k])});
    }
  }
  return names;
}

RecipeNames names_for(const TypedLine& line) {
  const std::string named = line.value("recipe");
  if (line.command->name == "why") return names_in_recipe(home_expanded(named));
  if (line.positional.empty()) return {};
  if (line.command->name != "new") return names_in_recipe(home_expanded(line.positional.front()));
  RecipeNames names;
  if (const RecipeTemplate* recipe = find_template(line.positional.front())) {
    for (const std::string& param : recipe->params) names.params.push_back({param, {}});
    for (const std::string& source : recipe->sources) names.sources.push_back({source, {}});
  }
  return names;
}

Candidates assignments(const std::vector<Named>& names) {
  Candidates candidates;
  for (const Named& named : names)
    candidates.push_back({named.name + "=", escape_for_terminal(named.value, 60)});
  return candidates;
}

}  // namespace

std::vector<Candidate> complete_path(const std::string& word,
                                     const std::vector<std::string>& endings) {
  const std::size_t slash = word.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : word.substr(0, slash + 1);
  const std::string begun = word.substr(folder.size());
  Candidates candidates;
  std::error_code failure;
  const fs::path listed = folder.empty() ? "." : home_expanded(folder);
  for (fs::directory_iterator at(listed, failure), end; !failure && at != end;
       at.increment(failure)) {
    const std::string name = at->path().filename();
    if (!name.starts_with(begun) || (name.starts_with('.') && !begun.starts_with('.'))) continue;
    std::error_code unknown;
    const bool is_folder = at->is_directory(unknown);
    const bool meant = endings.empty() ||
                       std::any_of(endings.begin(), endings.end(), [&](const std::string& ending) {
                         return name.ends_with(ending);
                       });
    if (is_folder || meant) candidates.push_back({folder + name + (is_folder ? "/" : ""), {}});
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return natural_less(a.text, b.text); });
  return candidates;
}

std::vector<Candidate> complete_tensor(const std::string& word,
                                       const std::vector<std::string>& names) {
  std::vector<std::string> fitting;
  for (const std::string& name : names) {
    if (name.starts_with(word)) fitting.push_back(name);
  }
  std::sort(fitting.begin(), fitting.end(), natural_less);
  // Segment by segment, until there is something to choose from.
  for (std::size_t from = word.size(); fitting.size() > most_names;) {
    std::vector<std::string> cut;
    for (const std::string& name : fitting) {
      const std::size_t dot = name.find('.', from);
      std::string head = dot == std::string::npos ? name : name.substr(0, dot + 1);
      if (cut.empty() || cut.back() != head) cut.push_back(std::move(head));
    }
    if (cut.size() == 1 && cut.front().ends_with('.') && cut.front().size() > from) {
      from = cut.front().size();
      continue;
    }
    fitting = std::move(cut);
    break;
  }
  Candidates candidates;
  for (std::string& name : fitting) candidates.push_back({std::move(name), {}});
  return candidates;
}

std::vector<Candidate> complete_param(const TypedLine& line) {
  const RecipeNames names = names_for(line);
  const std::size_t equals = line.current.find('=');
  if (equals == std::string::npos) return assignments(names.params);
  for (const Named& param : names.params) {
    if (param.name == line.current.substr(0, equals) && !param.value.empty())
      return {{param.name + "=" + param.value, "what it is now"}};
  }
  return {};
}

std::vector<Candidate> complete_source(const TypedLine& line) {
  const std::size_t equals = line.current.find('=');
  if (equals == std::string::npos) return assignments(names_for(line).sources);
  Candidates candidates;
  const std::string name = line.current.substr(0, equals + 1);
  for (Candidate& path : complete_path(line.current.substr(equals + 1), {".safetensors"})) {
    path.text.insert(0, name);
    candidates.push_back(std::move(path));
  }
  return candidates;
}

std::vector<Candidate> complete_model_tensor(const TypedLine& line) {
  if (line.positional.empty()) return {};
  Diagnostics ignored;
  const auto model = open_model(home_expanded(line.positional.front()), ignored);
  std::vector<std::string> names;
  for (std::size_t k = 0; model && k < model->tensors.size(); ++k)
    names.push_back(model->tensors[k].name);
  return complete_tensor(line.current, names);
}

std::vector<Candidate> complete_output_tensor(const TypedLine& line) {
  const std::string recipe = home_expanded(line.value("recipe"));
  if (recipe.empty()) return {};
  Arguments arguments;
  arguments.given = line.options;
  Console silent(Format::quiet, ColorMode::never, true);
  std::vector<std::string> names;
  look_at_recipe(recipe, arguments, silent, [&](const RecipeGraph& graph) {
    for (const Output& output : graph.graph.outputs)
      names.push_back(full_name(graph.bound, {output.checkpoint, output.name}));
  });
  return complete_tensor(line.current, names);
}

}  // namespace inarch
