#include <cstdio>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/format_yaml.h"
#include "compiler/support/text.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/json_text.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/text_diff.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

constexpr std::string_view standard_input = "-";

Result<std::string> read_text_of(const std::string& path) {
  if (path != standard_input) return read_small_file(path, recipe_limit);
  std::string text;
  char piece[1 << 16];
  for (std::size_t count; (count = std::fread(piece, 1, sizeof piece, stdin)) > 0;) {
    text.append(piece, count);
    if (text.size() > static_cast<std::size_t>(recipe_limit)) break;  // which the reader refuses
  }
  return text;
}

struct Layout {
  std::string before;
  std::string after;
};

/// The text and what it is laid out; nothing on a fault, which has been reported.
std::optional<Layout> lay_out(const std::string& path, Console& console, int& code) {
  SourceMap sources;
  Diagnostics diagnostics;
  auto text = read_text_of(path);
  std::optional<Layout> layout;
  if (!text.ok()) {
    diagnostics.add(text.error());
  } else {
    const std::string shown = path == standard_input ? "standard input" : path;
    const FileId file = sources.add(shown, *text);
    if (auto after = format_yaml(sources, file, diagnostics))
      layout = Layout{std::move(*text), std::move(*after)};
  }
  diagnostics.sort_by_place();
  console.report(diagnostics, sources);
  code = std::max(code, exit_code_for(diagnostics));
  return layout;
}

void say_state(const std::string& path, bool changes, bool written, Console& console) {
  if (console.json()) {
    const Value line(Value::Map{{"schema", "inarch/fmt/1"},
                                {"file", json_text(path)},
                                {"changes", changes},
                                {"written", written}});
    return console.write(write_json(line, JsonStyle::compact) + "\n");
  }
  if (changes)
    console.say(
        fmt::format("{} {}\n", written ? "laid out" : "would change", escape_for_terminal(path)));
}

}  // namespace

int command_fmt(const Arguments& arguments, Console& console) {
  if (arguments.positional.empty())
    return usage_error(console, "fmt needs a recipe", "inarch fmt recipe.yaml");
  const bool only_looks = arguments.has("check") || arguments.has("diff");
  int code = exit_done;
  for (const std::string& path : arguments.positional) {
    const auto layout = lay_out(path, console, code);
    if (!layout) continue;
    const bool changes = layout->before != layout->after;
    if (path == standard_input && !only_looks) {
      console.write(layout->after);
      continue;
    }
    bool written = false;
    if (changes && only_looks) {
      code = std::max(code, static_cast<int>(exit_rejected));
      if (arguments.has("diff") && !console.json())
        console.write(unified_diff(path, layout->before, layout->after));
    } else if (changes) {
      const Status status = write_small_file(path, layout->after);
      written = status.ok();
      if (!written) console.report(status.error());
      if (!written) code = exit_failed;
    }
    if (!arguments.has("diff") || console.json()) say_state(path, changes, written, console);
  }
  return code;
}

}  // namespace inarch
