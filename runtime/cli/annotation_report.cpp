#include "runtime/cli/annotation_report.h"

#include <cstdlib>

#include <fmt/format.h>

#include "compiler/support/render_github.h"
#include "runtime/cli/exit_code.h"
#include "runtime/io/append_text.h"

namespace inarch {

namespace {

/// GitHub takes no more than 1 MiB a step; both parts together stay below.
constexpr std::size_t rows_limit = 600 << 10;
constexpr std::size_t text_limit = 200 << 10;

std::string counted_findings(std::size_t errors, std::size_t warnings) {
  const auto counted = [](std::size_t n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
  };
  if (errors + warnings == 0) return "no findings";
  if (warnings == 0) return counted(errors, "error");
  if (errors == 0) return counted(warnings, "warning");
  return counted(errors, "error") + ", " + counted(warnings, "warning");
}

}  // namespace

AnnotationReport::AnnotationReport() : path_(RepositoryPath()) {}

std::string AnnotationReport::add(const Diagnostic& diagnostic, const SourceMap& sources) {
  log_.add(diagnostic, sources, path_, input_);
  std::string row = github_summary_row(diagnostic, sources, path_, input_);
  if (rows_.size() + row.size() <= rows_limit) rows_ += row;
  (diagnostic.severity == Severity::error ? errors_ : warnings_) += 1;
  return render_github(diagnostic, sources, path_, input_);
}

void AnnotationReport::said(std::string_view text) {
  if (text_.size() + text.size() <= text_limit) text_ += text;
}

std::string AnnotationReport::sarif(int exit_code) const {
  const bool completed = exit_code == exit_done || exit_code == exit_rejected;
  return log_.document(INARCH_VERSION, exit_code, completed);
}

Status AnnotationReport::write_summary(std::string_view command) const {
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (!path || *path == '\0') return {};
  const std::string heading =
      fmt::format("inarch {}: {}", command, counted_findings(errors_, warnings_));
  return append_text(path, github_summary(heading, rows_, text_));
}

}  // namespace inarch
