#include <numeric>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/console_progress.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/inspect_report.h"
#include "runtime/cli/model_argument.h"
#include "runtime/cli/part_list.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/executor/manifest.h"
#include "runtime/io/directory.h"
#include "runtime/io/logical_checkpoint.h"

namespace inarch {

namespace {

std::optional<std::vector<std::size_t>> positions_to_list(const Checkpoint& checkpoint,
                                                          const Arguments& arguments,
                                                          Diagnostics& diagnostics) {
  if (arguments.positional.size() == 1) {
    std::vector<std::size_t> positions(checkpoint.tensors.size());
    std::iota(positions.begin(), positions.end(), std::size_t{0});
    return positions;
  }
  std::vector<std::string> names;
  for (const TensorInfo& tensor : checkpoint.tensors) names.push_back(tensor.name);
  return select_tensors(names, arguments.positional[1], diagnostics);
}

Status read_stats(const Checkpoint& checkpoint, const std::vector<std::size_t>& positions, int jobs,
                  Console& console, InspectReport& report) {
  ConsoleProgress shown(console);
  NoProgress hidden;
  Progress& progress = console.json() ? static_cast<Progress&>(hidden) : shown;
  return add_stats(checkpoint, positions, jobs, progress, report);
}

/// What there is to tell; nothing on a fault, which is added.
std::optional<InspectReport> inspect(const Checkpoint& checkpoint, const Arguments& arguments,
                                     int jobs, Console& console, SourceMap& sources,
                                     Diagnostics& diagnostics) {
  const auto positions = positions_to_list(checkpoint, arguments, diagnostics);
  if (!positions) return std::nullopt;
  InspectReport report = describe_checkpoint(checkpoint, *positions, arguments.has("all"));
  const auto asked = arguments.value("architecture");
  report.architecture = asked ? hold_against(checkpoint, *asked, sources, diagnostics)
                              : recognise_architecture(checkpoint, sources);
  if (asked && !report.architecture) return std::nullopt;
  if (!arguments.has("stats")) return report;
  const Status read = read_stats(checkpoint, *positions, jobs, console, report);
  if (read) return report;
  diagnostics.add(read.error());
  return std::nullopt;
}

/// What a run with several outputs has left at `path`: the manifest of them all.
std::optional<Manifest> several_checkpoints(const std::string& path) {
  if (!is_regular_file(join_path(path, manifest_name))) return std::nullopt;
  auto manifest = load_manifest(path);
  if (!manifest.ok() || manifest->parts.empty()) return std::nullopt;
  return std::move(*manifest);
}

int inspect_parts(const Manifest& manifest, const Arguments& arguments, Console& console) {
  const std::string& path = arguments.positional[0];
  const std::string first = join_path(path, manifest.parts.front().directory);
  if (arguments.positional.size() > 1 || arguments.has("architecture") || arguments.has("stats")) {
    return usage_error(console,
                       fmt::format("{} holds {} checkpoints: inspect one of them",
                                   escape_for_terminal(path), manifest.parts.size()),
                       fmt::format("inarch inspect {}", escape_for_terminal(first)));
  }
  const std::vector<PartSummary> parts = summarize_parts(manifest);
  if (console.json()) {
    const Value result(Value::Map{{"schema", "inarch/inspect-outputs/1"},
                                  {"location", path},
                                  {"recipe", manifest.recipe_name},
                                  {"outputs", part_values(parts)}});
    console.write(write_json(result, JsonStyle::compact) + "\n");
    return exit_done;
  }
  console.write(
      fmt::format("{}: {} checkpoint{}, built together from {}\n{}", escape_for_terminal(path),
                  parts.size(), parts.size() == 1 ? "" : "s",
                  escape_for_terminal(manifest.recipe_name.empty() ? manifest.recipe_path
                                                                   : manifest.recipe_name),
                  part_lines(parts, static_cast<std::size_t>(console.width()))));
  console.say(console.dim(fmt::format("next: inarch inspect {}\n", escape_for_terminal(first))));
  return exit_done;
}

}  // namespace

int command_inspect(const Arguments& arguments, Console& console) {
  if (arguments.positional.empty() || arguments.positional.size() > 2)
    return usage_error(console, "inspect takes a model and at most one pattern",
                       "inarch inspect MODEL [PATTERN]");
  const auto jobs = jobs_option(arguments, console);
  if (!jobs) return exit_failed;
  if (const auto manifest = several_checkpoints(arguments.positional[0]))
    return inspect_parts(*manifest, arguments, console);
  SourceMap sources;
  Diagnostics diagnostics;
  auto checkpoint = open_model(arguments.positional[0], diagnostics);
  std::optional<InspectReport> report;
  if (checkpoint && read_encodings(*checkpoint, diagnostics))
    report = inspect(*checkpoint, arguments, *jobs, console, sources, diagnostics);
  console.report(diagnostics, sources);
  if (!report) return exit_code_for(diagnostics);

  if (console.json()) {
    console.write(inspect_json(*report));
  } else {
    const auto width = static_cast<std::size_t>(console.width());
    console.write(inspect_summary(*report, width) + "\n");
    const std::string differences = inspect_differences(*report, width);
    if (!differences.empty()) console.write(differences + "\n");
    console.write(inspect_table(*report, width));
  }
  const bool differs = report->architecture && !report->architecture->mismatches.empty();
  return arguments.has("architecture") && differs ? exit_rejected : exit_done;
}

}  // namespace inarch
