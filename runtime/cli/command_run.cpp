#include <fmt/format.h>
#include <malloc.h>

#include "compiler/core/json.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/console_progress.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/factor_table.h"
#include "runtime/cli/part_list.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/stop_signal.h"
#include "runtime/executor/measure_ranks.h"
#include "runtime/executor/run.h"
#include "runtime/io/file.h"
#include "runtime/lock/contents.h"

namespace inarch {

namespace {

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::up_to_date:
      return "up_to_date";
    case Outcome::rejected:
      return "rejected";
    case Outcome::failed:
      return "failed";
    case Outcome::busy:
      return "busy";
    case Outcome::interrupted:
      return "interrupted";
  }
  return "";
}

int exit_code_of(Outcome outcome, const StopSignal& stop) {
  switch (outcome) {
    case Outcome::done:
    case Outcome::up_to_date:
      return exit_done;
    case Outcome::rejected:
      return exit_rejected;
    case Outcome::failed:
      return exit_failed;
    case Outcome::busy:
      return exit_try_again;
    case Outcome::interrupted:
      return stop.exit_code();
  }
  return exit_failed;
}

void say_json(const RunReport& report, const Plan& plan, const std::string& output,
              Console& console) {
  Value result(Value::Map{{"schema", "inarch/run/1"},
                          {"outcome", outcome_name(report.outcome)},
                          {"output", output},
                          {"bytes_read", report.bytes_read},
                          {"bytes_copied", report.bytes_copied},
                          {"bytes_computed", report.bytes_computed},
                          {"bytes_resumed", report.bytes_resumed},
                          {"bytes_written", report.bytes_written},
                          {"seconds", report.seconds},
                          {"peak_memory", report.peak_memory},
                          {"output_digest", report.output_digest},
                          {"plan_sha256", report.plan_digest}});
  if (!report.factors.empty()) result.set_path("factors", factor_values(report.factors));
  if (!plan.parts.empty()) result.set_path("outputs", part_values(summarize_parts(plan)));
  console.write(write_json(result, JsonStyle::compact) + "\n");
}

void say_done(const RunReport& report, const Plan& plan, const std::string& output,
              Console& console) {
  const std::string shown = escape_for_terminal(output);
  if (report.outcome == Outcome::up_to_date) {
    return console.say(
        fmt::format("{} {} is what this plan built from these sources; nothing to do\n",
                    console.good("up to date:"), shown));
  }
  std::string text = fmt::format("{} {}\n", console.good("built"), shown);
  text += fmt::format("  read {}, copied {}, computed {}, wrote {}",
                      format_bytes(report.bytes_read), format_bytes(report.bytes_copied),
                      format_bytes(report.bytes_computed), format_bytes(report.bytes_written));
  if (report.bytes_resumed > 0)
    text += fmt::format(", {} of it resumed", format_bytes(report.bytes_resumed));
  text += fmt::format("\n  {:.2f} s", report.seconds);
  if (report.seconds > 0)
    text += fmt::format(
        " ({}/s)",
        format_bytes(static_cast<std::int64_t>(
            static_cast<double>(report.bytes_written - report.bytes_resumed) / report.seconds)));
  text += fmt::format(", peak memory {}\n  digest {}\n", format_memory(report.peak_memory),
                      report.output_digest);
  text += part_lines(summarize_parts(plan), static_cast<std::size_t>(console.width()));
  text += factor_table(report.factors, static_cast<std::size_t>(console.width()));
  text += console.dim(fmt::format("next: inarch verify {}\n", shown));
  console.say(text);
}

/// Into the --ranks file, where there is one to be made.
bool keep_ranks(const std::map<std::string, std::int64_t>& ranks, const Arguments& arguments,
                Console& console) {
  const auto path = arguments.value("ranks");
  if (!path) return true;
  Value::Map map;
  for (const auto& [key, rank] : ranks) map.emplace_back(key, rank);
  const Status written =
      write_small_file(*path, write_json(Value(std::move(map)), JsonStyle::indented));
  if (!written) console.report(written.error());
  return written.ok();
}

/// What the lock says of the weights that the plan reads, beyond their headers.
Status hold_against_lock(const Plan& plan, const Arguments& arguments, const RunOptions& options,
                         Progress& progress) {
  const auto lock = lock_option(arguments, arguments.positional[0]);
  if (!lock) return lock.error();
  const bool whole = arguments.has("verify-lock");
  if (lock->has_value())
    return check_contents(plan, **lock,
                          {arguments.positional[0], whole, options.jobs, options.stop}, progress);
  if (!whole) return {};
  return error("E443", "there is no lock to verify")
      .in(lock_path(arguments, arguments.positional[0]))
      .hint(fmt::format("inarch lock {}", escape_for_terminal(arguments.positional[0])));
}

}  // namespace

int command_run(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() != 1)
    return usage_error(console, "run takes one recipe or plan", "inarch run recipe.yaml -o out");
  const auto output = arguments.value("output");
  if (!output || output->empty())
    return usage_error(console, "run needs an output directory", "inarch run recipe.yaml -o out");
  const auto jobs = jobs_option(arguments, console);
  const auto memory = memory_option(arguments, default_memory, console);
  if (!jobs || !memory) return exit_failed;
  mallopt(M_ARENA_MAX, 2);  // an arena a thread would hold memory that no plan accounts for

  CompileReport compiled;
  int code = exit_done;
  auto plan = plan_from(arguments.positional[0], arguments, *memory, console, compiled, code);
  if (!plan) return code;
  if (!all_here(compiled, console)) return exit_rejected;

  const StopSignal stop;
  RunOptions options;
  options.output = *output;
  options.jobs = *jobs;
  options.memory = *memory;
  options.force = arguments.has("force");
  options.stop = stop.flag();
  ConsoleProgress progress(console);
  Diagnostics diagnostics;
  const bool is_recipe = !arguments.positional[0].ends_with(".json");
  if (is_recipe) {
    const Status same = hold_against_lock(*plan, arguments, options, progress);
    if (!same) {
      console.report(same.error());
      return exit_rejected;
    }
    if (*stop.flag()) return stop.exit_code();
  }
  Findings findings;
  if (is_recipe && has_open_states(*plan)) {
    findings.states = ForwardOptions{*jobs, *memory, Rounding::f32, stop.flag()};
    compiled.remains.reset();
    plan = compile_recipe(arguments.positional[0], arguments, *memory, console, compiled, code,
                          findings);
    if (!plan) return stop.flag()->load() ? stop.exit_code() : code;
  }
  if (is_recipe && has_open_ranks(*plan)) {
    const auto ranks = measure_ranks(*plan, options, progress, diagnostics);
    console.report(diagnostics, SourceMap());
    if (!ranks && !diagnostics.has_errors()) return exit_code_of(Outcome::interrupted, stop);
    if (!ranks) return exit_code_for(diagnostics);
    if (!keep_ranks(*ranks, arguments, console)) return exit_failed;
    findings.ranks = *ranks;
    compiled.remains.reset();
    plan = compile_recipe(arguments.positional[0], arguments, *memory, console, compiled, code,
                          findings);
    if (!plan) return code;
  }
  compiled.remains.reset();
  malloc_trim(0);
  const RunReport report = run(*plan, options, progress, diagnostics);
  console.report(diagnostics, SourceMap());
  if (console.json()) say_json(report, *plan, *output, console);
  if (report.outcome == Outcome::done || report.outcome == Outcome::up_to_date) {
    if (!console.json()) say_done(report, *plan, *output, console);
  } else if (report.outcome == Outcome::interrupted) {
    console.note("interrupted; the same command resumes\n");
  }
  return exit_code_of(report.outcome, stop);
}

}  // namespace inarch
