#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/text.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/json_text.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/recipe_template.h"
#include "runtime/cli/shell_word.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

Value text_list(const std::vector<std::string>& texts) {
  Value::List list;
  for (const std::string& text : texts) list.emplace_back(text);
  return Value(std::move(list));
}

int list_templates(Console& console) {
  if (console.json()) {
    Value::List templates;
    for (const RecipeTemplate& recipe : recipe_templates()) {
      templates.emplace_back(Value::Map{{"name", recipe.name},
                                        {"summary", recipe.summary},
                                        {"sources", text_list(recipe.sources)},
                                        {"params", text_list(recipe.params)}});
    }
    const Value result(
        Value::Map{{"schema", "inarch/templates/1"}, {"templates", std::move(templates)}});
    console.write(write_json(result, JsonStyle::compact) + "\n");
    return exit_done;
  }
  std::string out;
  for (const RecipeTemplate& recipe : recipe_templates()) {
    out += fmt::format("  {:<14} {}\n", recipe.name, recipe.summary);
    out += fmt::format("  {:<14} {}\n", "",
                       console.dim(fmt::format("sources: {}", join_names(recipe.sources, 9))));
  }
  console.write(out);
  console.say(console.dim("\nnext: inarch new merge -o merge.yaml\n"));
  return exit_done;
}

/// The sources that are still to be named, as options for the next command.
std::string open_sources(const RecipeTemplate& recipe, const TemplateChoices& choices) {
  std::string words;
  for (const std::string& name : recipe.sources) {
    const bool given = std::any_of(
        choices.sources.begin(), choices.sources.end(),
        [&](const auto& source) { return source.first.substr(0, source.first.find('[')) == name; });
    const auto& lists = recipe.lists;
    const int entries = std::find(lists.begin(), lists.end(), name) == lists.end() ? 1 : 2;
    for (int k = 0; !given && k < entries; ++k) words += fmt::format(" --source {}=PATH", name);
  }
  return words;
}

void say_next(const std::string& file, const RecipeTemplate& recipe, const TemplateChoices& choices,
              Console& console) {
  const std::string open = open_sources(recipe, choices);
  std::string out = fmt::format("wrote {}\n", escape_for_terminal(file));
  if (open.empty()) {
    out += console.dim(fmt::format("next: inarch plan {}\n", shell_word(file)));
  } else {
    out += "  where its models are is still to be said: in the file, or so\n";
    out += console.dim(
        fmt::format("next: inarch new {} --force -o {}{}\n", recipe.name, shell_word(file), open));
  }
  console.say(out);
}

}  // namespace

int command_new(const Arguments& arguments, Console& console) {
  if (arguments.positional.empty()) return list_templates(console);
  const std::string& name = arguments.positional.front();
  const RecipeTemplate* recipe = find_template(name);
  if (!recipe || arguments.positional.size() > 1) {
    if (recipe) return usage_error(console, "new takes one template", "inarch new");
    std::vector<std::string> names;
    for (const RecipeTemplate& known : recipe_templates()) names.push_back(known.name);
    const std::string near = nearest(name, names);
    return usage_error(
        console, fmt::format("there is no template '{}'", escape_for_terminal(name)),
        near.empty() ? "inarch new lists them" : fmt::format("did you mean '{}'?", near));
  }
  const auto output = arguments.value("output");
  TemplateChoices choices;
  if (!split_options(arguments.values("set"), "set", choices.params, console) ||
      !split_options(arguments.values("source"), "source", choices.sources, console))
    return exit_failed;
  choices.path_prefix = output ? way_back(*output) : "";
  const auto text = fill_template(*recipe, choices);
  if (!text.ok()) {
    console.report(text.error());
    return exit_failed;
  }
  if (!output) {
    console.write(*text);
    return exit_done;
  }
  if (exists(*output) && !arguments.has("force")) {
    return usage_error(console, fmt::format("'{}' is there already", escape_for_terminal(*output)),
                       "--force replaces it");
  }
  const Status written = write_small_file(*output, *text);
  if (!written) {
    console.report(written.error());
    return exit_failed;
  }
  say_next(*output, *recipe, choices, console);
  return exit_done;
}

}  // namespace inarch
