#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/console_progress.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/stop_signal.h"
#include "runtime/executor/verify.h"

namespace inarch {

int command_verify(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() != 1)
    return usage_error(console, "verify takes one directory", "inarch verify out");
  const auto jobs = jobs_option(arguments, console);
  const auto memory = memory_option(arguments, default_memory, console);
  if (!jobs || !memory) return exit_failed;
  const StopSignal stop;
  VerifyOptions options;
  options.jobs = *jobs;
  options.memory = *memory;
  options.stop = stop.flag();
  ConsoleProgress progress(console);
  Diagnostics diagnostics;
  const std::string& output = arguments.positional[0];
  const VerifyReport report = verify(output, options, progress, diagnostics);
  console.report(diagnostics, SourceMap());
  const bool good = report.complete && !diagnostics.has_errors();
  if (console.json()) {
    const Value result(
        Value::Map{{"schema", "inarch/verify/1"},
                   {"ok", good},
                   {"tensors", report.tensors},
                   {"bytes", report.bytes},
                   {"checks_run", report.checks_run},
                   {"checks_skipped", static_cast<std::int64_t>(report.checks_skipped.size())},
                   {"output_digest", report.output_digest}});
    console.write(write_json(result, JsonStyle::compact) + "\n");
  } else if (good) {
    std::string text = fmt::format("{} {}: {} tensors, {}, as the manifest says",
                                   console.good("verified"), escape_for_terminal(output),
                                   format_count(report.tensors), format_bytes(report.bytes));
    if (report.checks_run > 0)
      text += fmt::format("; {} check{}", report.checks_run,
                          report.checks_run == 1 ? " holds" : "s hold");
    if (!report.checks_skipped.empty()) {
      text +=
          fmt::format("; {} check{} not repeated, since the sources are gone or have changed",
                      report.checks_skipped.size(), report.checks_skipped.size() == 1 ? "" : "s");
    }
    console.say(text + "\n");
  }
  if (!diagnostics.has_errors() && !report.complete) return stop.exit_code();
  return exit_code_for(diagnostics);
}

}  // namespace inarch
