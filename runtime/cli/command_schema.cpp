#include <array>

#include <fmt/format.h>

#include "compiler/architecture/architecture_schema.h"
#include "compiler/core/json.h"
#include "compiler/plan/plan_schema.h"
#include "compiler/recipe/recipe_schema.h"
#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"

namespace inarch {

namespace {

struct NamedSchema {
  std::string_view name;
  Value (*make)();
};

constexpr std::array<NamedSchema, 3> schemas = {
    {{"recipe", recipe_schema}, {"plan", plan_schema}, {"architecture", architecture_schema}}};

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
    console.write(write_json(schema.make(), JsonStyle::indented));
    return exit_done;
  }
  return usage_error(console,
                     fmt::format("there is no schema of '{}'", escape_for_terminal(wanted)),
                     fmt::format("schemas are of: {}", schema_names()));
}

}  // namespace inarch
