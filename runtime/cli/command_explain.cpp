#include <fmt/format.h>

#include "compiler/architecture/architecture.h"
#include "compiler/core/transform_docs.h"
#include "compiler/support/explain.h"
#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"

namespace inarch {

namespace {

std::string list_errors() {
  std::string out;
  for (const std::string& code : error_codes())
    out += fmt::format("  {}  {}\n", code, error_title(*error_page(code)));
  return out;
}

std::string list_architectures() {
  std::string out;
  SourceMap sources;
  Diagnostics ignored;
  for (const std::string& name : architecture_names()) {
    const auto architecture = load_architecture(name, sources, ignored);
    out += fmt::format("  {:<16} {}\n", name, architecture ? architecture->title() : "");
  }
  return out;
}

}  // namespace

int command_explain(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() != 1)
    return usage_error(console, "explain takes a code or a transform", "inarch explain E203");
  const std::string& word = arguments.positional[0];
  if (word == "transforms") return console.write(transform_list()), exit_done;
  if (word == "errors") return console.write(list_errors()), exit_done;
  if (word == "architectures") return console.write(list_architectures()), exit_done;
  if (word == "reference") return console.write(transform_reference()), exit_done;
  if (const std::string* page = error_page(word)) return console.write(*page), exit_done;
  if (const TransformSpec* transform = find_transform(word))
    return console.write(transform_page(*transform)), exit_done;
  std::vector<std::string> names = transform_names();
  for (const std::string& code : error_codes()) names.push_back(code);
  for (const char* list : {"transforms", "errors", "architectures", "reference"})
    names.emplace_back(list);
  const std::string near = nearest(word, names);
  return usage_error(
      console, fmt::format("'{}' is no code and no transform", escape_for_terminal(word)),
      near.empty() ? "inarch explain transforms" : fmt::format("did you mean '{}'?", near));
}

}  // namespace inarch
