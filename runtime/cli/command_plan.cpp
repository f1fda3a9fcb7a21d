#include <map>
#include <string_view>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/plan/plan_json.h"
#include "compiler/plan/source_window.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/compile_heap.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/leave_to_system.h"
#include "runtime/cli/part_list.h"
#include "runtime/cli/plan_graph.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/shell_word.h"
#include "runtime/executor/measure_ranks.h"
#include "runtime/io/file.h"
#include "runtime/io/replace_file.h"

namespace inarch {

namespace {

struct StepCounts {
  std::int64_t copied = 0;  // tensors
  std::int64_t copies = 0;  // steps
  std::int64_t moved = 0;
  std::int64_t computed = 0;
};

StepCounts count_steps(const Plan& plan) {
  StepCounts counts;
  for (const Step& step : plan.steps) {
    if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
      counts.copied += copy->output_count;
      ++counts.copies;
    } else if (std::holds_alternative<MoveStep>(step.work)) {
      ++counts.moved;
    } else {
      ++counts.computed;
    }
  }
  return counts;
}

std::int64_t bytes_of(const PlanSource& source) {
  std::int64_t bytes = 0;
  for (const FileIdentity& file : source.files) bytes += file.size;
  return bytes;
}

Value to_json(const Plan& plan, int jobs, std::int64_t memory) {
  const StepCounts steps = count_steps(plan);
  const SourceWindow window = largest_source_window(plan);
  Value::List sources;
  for (const PlanSource& source : plan.sources) {
    sources.emplace_back(Value::Map{{"name", source.name},
                                    {"location", source.location},
                                    {"files", static_cast<std::int64_t>(source.files.size())},
                                    {"bytes", bytes_of(source)},
                                    {"elements", source.elements}});
  }
  Value::Map summary{{"schema", "inarch/plan-summary/1"},
                     {"recipe", plan.recipe_name},
                     {"plan_sha256", plan_digest(plan)},
                     {"sources", std::move(sources)},
                     {"tensors", static_cast<std::int64_t>(plan.outputs.size())},
                     {"parameters", plan.totals.parameters},
                     {"buffer_elements", plan.totals.buffer_elements},
                     {"shards", static_cast<std::int64_t>(plan.shards.size())},
                     {"steps", static_cast<std::int64_t>(plan.steps.size())},
                     {"tensors_copied", steps.copied},
                     {"tensors_moved", steps.moved},
                     {"tensors_computed", steps.computed},
                     {"bytes_read", plan.totals.bytes_read},
                     {"bytes_copied", plan.totals.bytes_copied},
                     {"bytes_computed", plan.totals.bytes_computed},
                     {"bytes_written", plan.totals.bytes_written},
                     {"source_files_at_once", window.files},
                     {"source_bytes_at_once", window.bytes},
                     {"numeric_checks", computed_checks(plan)},
                     {"jobs", jobs},
                     {"memory_budget", memory},
                     {"peak_memory", planned_peak(plan, jobs, memory)},
                     {"least_memory", least_memory(plan)}};
  if (!plan.parts.empty()) summary.emplace_back("outputs", part_values(summarize_parts(plan)));
  return summary;
}

/// How much smaller the output of one source is, by both measures: they differ where it is encoded.
std::string ratio_text(const Plan& plan) {
  if (plan.sources.size() != 1 || plan.parts.size() > 1) return {};
  const PlanSource& source = plan.sources.front();
  const std::int64_t elements = plan.totals.parameters + plan.totals.buffer_elements;
  if (elements == 0 || plan.totals.bytes_written == 0 || source.elements <= elements) return {};
  const auto times = [](std::int64_t before, std::int64_t after) {
    const double ratio = static_cast<double>(before) / static_cast<double>(after);
    return ratio >= 1 ? fmt::format("{:.1f} x fewer", ratio)
                      : fmt::format("{:.1f} x more", 1 / ratio);
  };
  return fmt::format("{} parameters, {} bytes", times(source.elements, elements),
                     times(bytes_of(source), plan.totals.bytes_written));
}

std::string describe(const Plan& plan, int jobs, std::int64_t memory, const Console& console) {
  const StepCounts steps = count_steps(plan);
  const auto row = [&](std::string_view label, const std::string& text) {
    return fmt::format("  {:<10} {}\n", label, text);
  };
  std::string out = console.bold(escape_for_terminal(plan.recipe_name.empty() ? plan.recipe_path
                                                                              : plan.recipe_name)) +
                    "\n";
  for (const PlanSource& source : plan.sources) {
    out += row("source",
               fmt::format("{}: {} ({} file{}, {})", source.name,
                           escape_for_terminal(source.location), source.files.size(),
                           source.files.size() == 1 ? "" : "s", format_bytes(bytes_of(source))));
  }
  std::string parameters = fmt::format("{} tensors, {} parameters",
                                       format_count(static_cast<std::int64_t>(plan.outputs.size())),
                                       format_count(plan.totals.parameters));
  if (plan.totals.buffer_elements > 0)
    parameters += fmt::format(" and {} buffer elements", format_count(plan.totals.buffer_elements));
  if (plan.parts.size() > 1) parameters += fmt::format(" in {} outputs", plan.parts.size());
  out += row("output", parameters);
  out += row("shards", fmt::format("{}, {} in all", plan.shards.size(),
                                   format_bytes(plan.totals.bytes_written)));
  if (const std::string ratio = ratio_text(plan); !ratio.empty()) out += row("ratio", ratio);
  const SourceWindow window = largest_source_window(plan);
  std::string read = format_bytes(plan.totals.bytes_read);
  if (window.files > 0)
    read += fmt::format("; no more than {} source file{} ({}) at once", window.files,
                        window.files == 1 ? "" : "s", format_bytes(window.bytes));
  out += row("read", read);
  out += row("copy", fmt::format("{} ({} tensors in {} run{}, {} rearranged)",
                                 format_bytes(plan.totals.bytes_copied), format_count(steps.copied),
                                 format_count(steps.copies), steps.copies == 1 ? "" : "s",
                                 format_count(steps.moved)));
  out += row("compute", fmt::format("{} ({} tensors)", format_bytes(plan.totals.bytes_computed),
                                    format_count(steps.computed)));
  std::int64_t carried = 0;
  for (const CarriedFile& file : plan.files) carried += file.size;
  if (!plan.files.empty() || !plan.texts.empty()) {
    out += row("files", fmt::format("{} carried over ({}), {} written", plan.files.size(),
                                    format_bytes(carried), plan.texts.size()));
  }
  if (has_open_ranks(plan))
    out += row("ranks", "those that follow from an error are measured first; sizes are the most");
  if (computed_checks(plan) > 0)
    out += row("checks", fmt::format("{} numeric", computed_checks(plan)));
  out += row("memory", fmt::format("{} at most with {} worker{} (budget {}, least {})",
                                   format_memory(planned_peak(plan, jobs, memory)), jobs,
                                   jobs == 1 ? "" : "s", format_memory(memory),
                                   format_memory(least_memory(plan))));
  if (!plan.parts.empty())
    out += "\n" + part_lines(summarize_parts(plan), static_cast<std::size_t>(console.width()));
  return out;
}

/// What `run` has to be told to build this plan: a plan file holds it all.
std::string run_words(const Arguments& arguments) {
  if (const auto file = arguments.value("output")) return shell_word(*file);
  std::string words = shell_word(arguments.positional[0]);
  for (const auto& [option, value] : arguments.given) {
    if (option == "source" || option == "set" || option == "memory" || option == "lock")
      words += fmt::format(" --{} {}", option, shell_word(value));
  }
  return words;
}

}  // namespace

int command_plan(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() != 1)
    return usage_error(console, "plan takes one recipe", "inarch plan recipe.yaml -o plan.json");
  const auto jobs = jobs_option(arguments, console);
  const auto memory = memory_option(arguments, default_memory, console);
  if (!jobs || !memory) return exit_failed;
  use_compile_heap();
  std::optional<GraphFormat> graph;
  if (arguments.has("graph")) {
    graph = graph_option(arguments, console);
    if (!graph) return exit_failed;
  }
  CompileReport report;
  int code = exit_done;
  auto plan = plan_from(arguments.positional[0], arguments, *memory, console, report, code);
  if (!plan) return code;
  if (graph) {
    code = write_plan_graph(*plan, report, *graph, arguments, *jobs, *memory, console);
    leave_to_system(std::pair(std::move(plan), std::move(report)));
    return code;
  }
  if (const auto output = arguments.value("output")) {
    if (has_open_states(*plan)) {  // a plan that can be run has all that it reads
      if (!all_here(report, console)) return exit_rejected;
      Findings findings;
      findings.states = ForwardOptions{*jobs, *memory, Rounding::f32, nullptr};
      plan = compile_recipe(arguments.positional[0], arguments, *memory, console, report, code,
                            findings);
      if (!plan) return code;
    }
    const Status written = replace_file(*output, write_plan(*plan));
    if (!written) {
      console.report(written.error());
      return exit_failed;
    }
  }
  if (console.json()) {
    console.write(write_json(to_json(*plan, *jobs, *memory), JsonStyle::compact) + "\n");
  } else {
    console.say(describe(*plan, *jobs, *memory, console));
    if (!report.absent.empty())
      console.say(fmt::format("  {:<10} {}\n", "lock", absent_text(report)));
    console.say(console.dim(fmt::format("\nnext: inarch run {} -o OUT\n", run_words(arguments))));
  }
  leave_to_system(std::pair(std::move(plan), std::move(report)));
  return exit_done;
}

}  // namespace inarch
