#pragma once

#include <string>
#include <vector>

#include "compiler/support/annotation.h"

namespace inarch {

/// The findings of one run of the program as SARIF 2.1.0: one log with one run, a rule for each
/// code that was found, with its page as help, and a result for each finding.
///
/// Columns count Unicode characters from 1, which the run says (`columnKind`); a region's end is
/// just after its last character. Paths inside of the repository are relative to %SRCROOT%, which
/// the reader knows; others are file:// URIs. A file as a whole has no region, and a finding
/// without a file no location.
class SarifLog {
 public:
  void add(const Diagnostic& diagnostic, const SourceMap& sources, const AnnotatedPath& path,
           const std::string& input);

  /// The document, with a line break at its end. `completed` is false where the program itself
  /// failed, in contrast to what it looked at.
  std::string document(const std::string& version, int exit_code, bool completed) const;

 private:
  std::size_t rule_index(const std::string& code);

  std::vector<std::string> codes_;
  std::vector<std::string> results_;
};

}  // namespace inarch
