#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/recipe_template.h"
#include "runtime/io/file.h"

namespace inarch {

int command_import(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() != 1)
    return usage_error(console, "import takes one mergekit configuration",
                       "inarch import merge.yml -o recipe.yaml");
  const auto output = arguments.value("output");
  int code = exit_done;
  const auto recipe = import_config(arguments.positional[0], arguments,
                                    output ? way_back(*output) : "", console, code);
  if (!recipe) return code;
  if (!output) {
    console.write(*recipe);
    return exit_done;
  }
  const Status written = write_small_file(*output, *recipe);
  if (!written) {
    console.report(written.error());
    return exit_failed;
  }
  const std::string shown = escape_for_terminal(*output);
  console.say(fmt::format("wrote {}\n{}", shown,
                          console.dim(fmt::format("next: inarch check {}\n", shown))));
  return exit_done;
}

}  // namespace inarch
