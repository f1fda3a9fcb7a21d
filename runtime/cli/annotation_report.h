#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/support/render_sarif.h"
#include "compiler/support/result.h"
#include "runtime/cli/repository_path.h"

namespace inarch {

/// What --format sarif and --format github gather until a command ends.
class AnnotationReport {
 public:
  AnnotationReport();

  /// The file that findings without a place are about.
  void set_input(std::string path) { input_ = std::move(path); }
  /// One more finding, for the document and the summary; it comes back as a workflow command.
  std::string add(const Diagnostic& diagnostic, const SourceMap& sources);
  /// What was said on the standard output, for the summary.
  void said(std::string_view text);

  std::string sarif(int exit_code) const;
  /// Appends to the file that GITHUB_STEP_SUMMARY names; nothing where none is named.
  Status write_summary(std::string_view command) const;

 private:
  AnnotatedPath path_;
  std::string input_;
  SarifLog log_;
  std::string rows_;
  std::string text_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

}  // namespace inarch
