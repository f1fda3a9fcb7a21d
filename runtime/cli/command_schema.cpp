#include <array>

#include <fmt/format.h>

#include "compiler/architecture/architecture_schema.h"
#include "compiler/core/json.h"
#include "compiler/plan/plan_schema.h"
#include "compiler/recipe/recipe_schema.h"
#include "compiler/support/embedded.h"
#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"

namespace inarch {

namespace {

template <Value (*make)()>
std::string text_of() {
  return write_json(make(), JsonStyle::indented);
}
/// Written by hand: no table of the program says what a lock is.
std::string text_of_lock_schema() { return std::string(embedded::lock_schema().front().text); }

struct NamedSchema {
  std::string_view name;
  std::string (*text)();
};

constexpr std::array<NamedSchema, 4> schemas = {{{"recipe", text_of<recipe_schema>},
                                                 {"plan", text_of<plan_schema>},
                                                 {"architecture", text_of<architecture_schema>},
                                                 {"lock", text_of_lock_schema}}};

std::string schema_names() {
  std::vector<std::string> names;
  for (const NamedSchema& schema : schemas) names.emplace_back(schema.name);
  return join_names(names);
}

}  // namespace

int command_schema(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() > 1)
    return usage_error(console, "schema takes one name", "inarch schema plan");
  const std::string wanted = arguments.positional.empty() ? "recipe" : arguments.positional[0];
  for (const NamedSchema& schema : schemas) {
    if (schema.name != wanted) continue;
    console.write(schema.text());
    return exit_done;
  }
  return usage_error(console,
                     fmt::format("there is no schema of '{}'", escape_for_terminal(wanted)),
                     fmt::format("schemas are of: {}", schema_names()));
}

}  // namespace inarch
