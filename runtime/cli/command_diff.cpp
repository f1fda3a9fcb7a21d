#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/console_progress.h"
#include "runtime/cli/diff_report.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/model_argument.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

void show(const DiffReport& report, bool all, bool is_drawn, Console& console) {
  if (console.json()) return console.write(diff_json(report, all));
  if (!is_drawn) console.say(diff_text(report, all, static_cast<std::size_t>(console.width())));
  const std::string verdict = diff_summary(report);
  console.write(fmt::format(
      "{}: {}\n", report.identical() ? console.good("same") : console.bad("different"), verdict));
}

Status write_page(const DiffReport& report, const std::string& path, Console& console) {
  const std::string page = diff_page(report);
  const Status written = write_small_file(path, page);
  if (written && !console.json())
    console.say(fmt::format("wrote {}; open it in a browser\n", escape_for_terminal(path)));
  return written;
}

}  // namespace

int command_diff(const Arguments& arguments, Console& console) {
  const auto& words = arguments.positional;
  if (words.size() < 2 || words.size() > 3)
    return usage_error(console, "diff takes two models and at most one pattern",
                       "inarch diff A B [PATTERN]");
  const auto jobs = jobs_option(arguments, console);
  if (!jobs) return exit_failed;
  DiffOptions options;
  options.headers_only = arguments.has("headers-only");
  const auto page = arguments.value("html");
  options.single = arguments.has("all") || page.has_value();
  options.jobs = *jobs;
  if (words.size() == 3) options.pattern = words[2];

  Diagnostics diagnostics;
  const auto a = open_model(words[0], diagnostics);
  const auto b = open_model(words[1], diagnostics);
  std::optional<DiffReport> report;
  ConsoleProgress shown(console);
  NoProgress hidden;
  Progress& progress = console.json() ? static_cast<Progress&>(hidden) : shown;
  if (a && b) report = compare_checkpoints(*a, *b, options, progress, diagnostics);
  console.report(diagnostics, SourceMap());
  if (!report) return exit_code_for(diagnostics);
  if (page) {
    const Status written = write_page(*report, *page, console);
    if (!written) {
      console.report(written.error());
      return exit_failed;
    }
  }
  show(*report, arguments.has("all"), page.has_value(), console);
  return report->identical() ? exit_done : exit_rejected;
}

}  // namespace inarch
