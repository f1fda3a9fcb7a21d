#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/arch_check.h"
#include "runtime/cli/labelled_text.h"
#include "runtime/cli/mismatches.h"
#include "runtime/cli/text_table.h"

namespace inarch {

namespace {

constexpr std::size_t most_family_differences = 12;
constexpr std::size_t most_lines = 6;

std::string recognised_text(const ArchCheckModel& model, const std::string& architecture) {
  if (model.recognised_as.empty()) return "no";
  const std::string by = model.from_config ? "by its config" : "by its tensor names";
  if (model.recognised_as == architecture) return by;
  return fmt::format("as {}, {}", escape_for_terminal(model.recognised_as), by);
}

/// "39 as they should be; 2 missing; 6 buffers, 1 tied and left out"
std::string tensors_text(const ArchitectureFinding& finding) {
  if (!finding.not_compared.empty()) return "not compared: " + finding.not_compared;
  std::string text = format_count(finding.matched) + " as they should be";
  if (!finding.spelling.empty())
    text += fmt::format(", spelled '{}'", escape_for_terminal(finding.spelling));
  if (!finding.mismatches.empty()) text += "; " + mismatch_counts(finding);
  std::string roles;
  const auto add = [&](std::int64_t count, std::string_view phrase) {
    if (count == 0) return;
    roles += fmt::format("{}{} {}", roles.empty() ? "; " : ", ", format_count(count), phrase);
  };
  add(finding.buffers, finding.buffers == 1 ? "is a buffer" : "are buffers");
  add(finding.optional, "optional");
  add(finding.accepted, "in parts that it leaves open");
  add(finding.ignored, "that loaders ignore");
  add(finding.tied_left_out, "tied and left out");
  return text + roles;
}

std::string model_text(const ArchCheckModel& model, const std::string& architecture, bool all,
                       std::size_t width) {
  std::string text = escape_for_terminal(model.location, 4096) + "\n";
  text += labelled("recognised", recognised_text(model, architecture), width);
  text += labelled("tensors", tensors_text(model.finding), width);
  text += labelled("parameters", format_count(model.parameters), width);
  const std::size_t count = model.finding.mismatches.size();
  if (count == 0) return text;
  const std::size_t shown = all ? count : std::min(most_family_differences, count);
  text += "\n" + mismatch_table("differs from " + escape_for_terminal(architecture), model.finding,
                                shown, width);
  if (shown < count) text += fmt::format("and {} more; --all lists them\n", count - shown);
  return text;
}

std::string kind_text(Untried::Kind kind) {
  switch (kind) {
    case Untried::Kind::condition:
    case Untried::Kind::fallback:
      return "";
    case Untried::Kind::loop:
      return "the range ";
    case Untried::Kind::renaming:
      return "the renaming of ";
    case Untried::Kind::fusion:
      return "the fusion to ";
    case Untried::Kind::model_type:
      return "the model_type ";
    default:
      return fmt::format("{} ", name(kind));
  }
}

std::string never_text(const Untried& untried) {
  const std::string what = kind_text(untried.kind) + escape_for_terminal(untried.text, 200);
  const char* verb = untried.kind == Untried::Kind::loop ? "had" : "was";
  return fmt::format("{} {} never {}", what, verb, untried.missing);
}

std::string lines_text(const Untried& untried, const SourceMap& sources) {
  std::string text;
  const std::size_t shown = std::min(untried.places.size(), most_lines);
  for (std::size_t k = 0; k < shown; ++k) {
    const Span& place = untried.places[k];
    text += fmt::format("{}{}", k == 0 ? "" : ", ", sources.locate(place.file, place.begin).line);
  }
  return shown < untried.places.size() ? text + ", …" : text;
}

std::string untried_text(const ArchCheckReport& report, const SourceMap& sources,
                         std::size_t width) {
  TextTable table({{"not tried"}, {"line"}});
  for (const Untried& item : report.untried)
    table.add({never_text(item), lines_text(item, sources)});
  return table.text(width);
}

std::string verdict(const ArchCheckReport& report) {
  const std::size_t count = report.models.size();
  const std::size_t agreeing = report.agreeing();
  const auto untried = static_cast<std::int64_t>(report.untried.size());
  const std::string models =
      count == 1 ? (agreeing == 1 ? "the checkpoint agrees" : "the checkpoint differs")
                 : fmt::format("{} of {} checkpoints agree", agreeing, count);
  return fmt::format(
      "{}: {}; {}\n", escape_for_terminal(report.architecture), models,
      untried == 0 ? "all that the file says was tried" : plural(untried, "thing") + " not tried");
}

}  // namespace

std::string arch_check_text(const ArchCheckReport& report, const SourceMap& sources, bool all,
                            std::size_t width) {
  std::string text;
  for (const ArchCheckModel& model : report.models)
    text += model_text(model, report.architecture, all, width) + "\n";
  if (!report.untried.empty()) text += untried_text(report, sources, width) + "\n";
  return text + verdict(report);
}

}  // namespace inarch
