#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/compile_heap.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/leave_to_system.h"
#include "runtime/cli/part_list.h"
#include "runtime/cli/recipe_options.h"

namespace inarch {

namespace {

Value names_of_absent(const CompileReport& report) {
  Value::List names;
  for (const auto& [name, place] : report.absent) names.emplace_back(name);
  return Value(std::move(names));
}

void say_good(const std::string& path, const Plan& plan, const CompileReport& report,
              Console& console) {
  std::vector<PartSummary> parts = summarize_parts(plan);
  for (std::size_t k = 0; k < parts.size(); ++k) parts[k].architecture = report.architectures[k];
  if (console.json()) {
    Value result(Value::Map{{"schema", "inarch/check/1"},
                            {"recipe", path},
                            {"ok", true},
                            {"tensors", static_cast<std::int64_t>(plan.outputs.size())},
                            {"parameters", plan.totals.parameters},
                            {"buffer_elements", plan.totals.buffer_elements},
                            {"bytes_written", plan.totals.bytes_written},
                            {"numeric_checks", computed_checks(plan)}});
    if (!report.absent.empty()) result.set_path("from_lock", names_of_absent(report));
    if (!parts.empty()) result.set_path("outputs", part_values(parts));
    return console.write(write_json(result, JsonStyle::compact) + "\n");
  }
  std::string line = fmt::format(
      "{} {}: {} tensor{}, {} parameters", console.good("ok"), escape_for_terminal(path),
      format_count(static_cast<std::int64_t>(plan.outputs.size())),
      plan.outputs.size() == 1 ? "" : "s", format_count(plan.totals.parameters));
  if (plan.totals.buffer_elements > 0)
    line += fmt::format(" and {} buffer elements", format_count(plan.totals.buffer_elements));
  line += fmt::format(", {}", format_bytes(plan.totals.bytes_written));
  if (parts.empty() && !report.architectures.front().empty())
    line += fmt::format("; complete for {}", report.architectures.front());
  if (computed_checks(plan) > 0) {
    line += fmt::format("; {} numeric check{} will run with the build", computed_checks(plan),
                        computed_checks(plan) == 1 ? "" : "s");
  }
  if (!report.absent.empty()) line += fmt::format("; {}", absent_text(report));
  console.say(line + "\n" + part_lines(parts, static_cast<std::size_t>(console.width())));
}

}  // namespace

int command_check(const Arguments& arguments, Console& console) {
  if (arguments.positional.empty())
    return usage_error(console, "check needs a recipe", "inarch check recipe.yaml");
  const auto memory = memory_option(arguments, default_memory, console);
  if (!memory) return exit_failed;
  use_compile_heap();
  int worst = exit_done;
  for (const std::string& path : arguments.positional) {
    CompileReport report;
    int code = exit_done;
    auto plan = compile_recipe(path, arguments, *memory, console, report, code);
    if (plan) say_good(path, *plan, report, console);
    worst = std::max(worst, code);
    if (&path == &arguments.positional.back())
      leave_to_system(std::pair(std::move(plan), std::move(report)));
  }
  return worst;
}

}  // namespace inarch
