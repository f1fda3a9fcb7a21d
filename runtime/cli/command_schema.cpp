#include "compiler/core/json.h"
#include "compiler/recipe/recipe_schema.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"

namespace inarch {

int command_schema(const Arguments& arguments, Console& console) {
  if (!arguments.positional.empty())
    return usage_error(console, "schema takes no arguments", "inarch schema > recipe.schema.json");
  console.write(write_json(recipe_schema(), JsonStyle::indented));
  return exit_done;
}

}  // namespace inarch
