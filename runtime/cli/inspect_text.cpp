#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/inspect_adapter.h"
#include "runtime/cli/inspect_config.h"
#include "runtime/cli/inspect_report.h"
#include "runtime/cli/labelled_text.h"
#include "runtime/cli/mismatches.h"
#include "runtime/cli/name_groups.h"
#include "runtime/cli/text_table.h"

namespace inarch {

namespace {

constexpr std::size_t most_differences = 12;

std::string share_text(std::int64_t part, std::int64_t whole) {
  const double share =
      whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0;
  return share > 0 && share < 0.1 ? "< 0.1 %" : fmt::format("{:.1f} %", share);
}

/// "bf16", or "bf16 in fp8 128x128" for values that are stored in some other way.
std::string type_text(const auto& typed) {
  const std::string dtype(name(typed.dtype));
  return typed.encoding.empty() ? dtype : fmt::format("{} in {}", dtype, typed.encoding);
}

std::string dtypes_text(const InspectReport& report) {
  if (report.dtypes.size() == 1) return "all " + type_text(report.dtypes[0]);
  std::string text;
  for (const DTypeShare& share : report.dtypes)
    text +=
        fmt::format("{}{} {} ({})", text.empty() ? "" : ", ", type_text(share),
                    share_text(share.bytes, report.tensor_bytes), plural(share.tensors, "tensor"));
  return text;
}

std::string parameters_text(const InspectReport& report) {
  const std::int64_t buffers = report.architecture ? report.architecture->buffer_elements : 0;
  const std::string parameters = format_count(report.parameters());
  return buffers == 0 ? parameters
                      : fmt::format("{}, and {} in buffers", parameters, format_count(buffers));
}

std::string architecture_text(const ArchitectureFinding& finding) {
  std::string text = escape_for_terminal(finding.name);
  if (!finding.spelling.empty())
    text += fmt::format(" in its spelling '{}'", escape_for_terminal(finding.spelling));
  if (!finding.asked) text += finding.from_config ? ", by its config" : ", by its tensor names";
  if (!finding.not_compared.empty()) return text + "; not compared: " + finding.not_compared;
  if (finding.mismatches.empty()) {
    text += fmt::format("; complete: {} as they should be", plural(finding.matched, "tensor"));
  } else {
    text += fmt::format("; {}; {} as they should be", mismatch_counts(finding),
                        format_count(finding.matched));
  }
  if (finding.accepted > 0)
    text += fmt::format(", {} in parts that it leaves open", format_count(finding.accepted));
  if (finding.ignored > 0)
    text += fmt::format(", {} that loaders ignore", format_count(finding.ignored));
  return text;
}

std::string number_text(double number) { return fmt::format("{:.3g}", number); }

std::string odd_text(const ValueStats& stats) {
  std::string text;
  if (stats.nans > 0) text = fmt::format("{} NaN", format_count(stats.nans));
  if (stats.infinities > 0)
    text += fmt::format("{}{} inf", text.empty() ? "" : ", ", format_count(stats.infinities));
  return text;
}

std::vector<std::string> stats_cells(const InspectLine& line) {
  if (!line.stats) return {"", "", "", "", "", ""};
  const ValueStats& stats = *line.stats;
  if (stats.finite == 0) return {"", "", "", "", "", odd_text(stats)};
  const std::string zeros = stats.zeros == 0 ? "" : share_text(stats.zeros, line.elements);
  return {number_text(stats.mean),
          number_text(stats.deviation()),
          number_text(stats.least),
          number_text(stats.greatest),
          zeros,
          odd_text(stats)};
}

std::vector<std::string> size_cells(const InspectLine& line, bool single) {
  const auto tensors = static_cast<std::int64_t>(line.group.members.size());
  return {format_shape(line.shape), single ? "" : format_count(tensors), format_bytes(line.bytes)};
}

std::string files_text(const InspectReport& report) {
  const auto count = static_cast<std::int64_t>(report.files.size());
  const std::string files =
      count == 1 ? escape_for_terminal(report.files[0].name) : plural(count, "file");
  return fmt::format("{}, {}", files, format_bytes(report.file_bytes));
}

}  // namespace

std::string inspect_summary(const InspectReport& report, std::size_t width) {
  std::string text = escape_for_terminal(report.location, 4096) + "\n";
  text += labelled("files", files_text(report), width);
  text += labelled("tensors",
                   fmt::format("{}, {}", format_count(report.tensors), dtypes_text(report)), width);
  text += labelled("parameters", parameters_text(report), width);
  const std::string adapter = escape_for_terminal(adapter_sentence(report.adapter), 1000);
  if (!adapter.empty()) text += labelled("adapter", adapter, width);
  if (report.architecture || adapter.empty()) {
    text += labelled(
        "architecture",
        report.architecture ? architecture_text(*report.architecture) : "not recognised", width);
  }
  const std::string config = escape_for_terminal(config_sentence(report.config), 1000);
  if (!config.empty()) text += labelled("config", config, width);
  return text;
}

std::string inspect_differences(const InspectReport& report, std::size_t width) {
  if (!report.architecture || report.architecture->mismatches.empty()) return {};
  const ArchitectureFinding& finding = *report.architecture;
  const std::size_t count = finding.mismatches.size();
  const std::size_t shown = report.single ? count : std::min(most_differences, count);
  std::string text =
      mismatch_table("differs from " + escape_for_terminal(finding.name), finding, shown, width);
  if (shown < count) text += fmt::format("and {} more; --all lists them\n", count - shown);
  return text;
}

std::string inspect_table(const InspectReport& report, std::size_t width) {
  const auto right = TextTable::Align::right;
  std::string title = "name";
  if (report.listed != report.tensors)
    title += fmt::format(" ({} of {} tensors)", format_count(report.listed),
                         format_count(report.tensors));
  std::vector<TextTable::Column> columns = {{title}, {"type"}};
  if (report.with_stats) {
    for (const char* heading : {"mean", "std", "min", "max", "zeros", "not finite"})
      columns.push_back({heading, right});
  } else {
    for (const char* heading : {"shape", "tensors", "size"}) columns.push_back({heading, right});
  }
  TextTable table(std::move(columns));
  for (const InspectLine& line : report.lines) {
    std::vector<std::string> cells = {escape_for_terminal(line.group.text(shown_ranges), 8192),
                                      type_text(line)};
    const auto more = report.with_stats ? stats_cells(line) : size_cells(line, report.single);
    cells.insert(cells.end(), more.begin(), more.end());
    table.add(std::move(cells));
  }
  return table.text(width);
}

}  // namespace inarch
