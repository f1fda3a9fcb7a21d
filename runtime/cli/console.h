#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "compiler/support/diagnostic.h"
#include "compiler/support/source_map.h"
#include "runtime/cli/annotation_report.h"

namespace inarch {

enum class Format { human, json, sarif, github, quiet };
enum class ColorMode { automatic, always, never };

/// Where commands write: results on standard output, findings and progress on standard error.
///
/// As JSON, all of it is lines on standard output. As workflow commands of GitHub, findings stand
/// between the results, on standard output. As SARIF, that holds one document of findings, written
/// at the end, and no results.
class Console {
 public:
  Console(Format format, ColorMode color, bool quiet);

  Format format() const { return format_; }
  bool json() const { return format_ == Format::json; }
  bool quiet() const { return quiet_; }
  /// Whether standard error is a terminal that can redraw a line.
  bool live() const { return live_; }
  int width() const { return width_; }

  /// Text for people, on standard output; nothing under --quiet or another format.
  void say(std::string_view text);
  /// A result that was asked for: written whatever --quiet says, on standard output.
  void write(std::string_view text);
  /// A line on standard error, for progress.
  void note(std::string_view text);

  /// The file that is looked at: findings that point nowhere are shown there, where findings are
  /// annotations.
  void set_input(const std::string& path);
  /// Findings, wherever the format has them.
  void report(const Diagnostics& diagnostics, const SourceMap& sources);
  void report(const Diagnostic& diagnostic);

  /// Writes what the format has at its end; `code` is what the program will exit with.
  void finish(std::string_view command, int code);

  std::string bold(std::string_view text) const;
  std::string dim(std::string_view text) const;
  std::string good(std::string_view text) const;
  std::string bad(std::string_view text) const;

  /// False once standard output could not be written; the exit code is then 2.
  bool healthy() const { return healthy_; }

 private:
  std::string paint(std::string_view text, const char* style) const;
  void print(std::string_view text);

  Format format_;
  bool quiet_;
  bool color_out_;
  bool color_err_;
  bool live_;
  int width_;
  bool healthy_ = true;
  std::unique_ptr<AnnotationReport> annotations_;  // in the formats that have them
};

/// 2 when a finding is about reading, writing or ourselves (E7xx but E73x and E74x, E9xx), else 1;
/// 0 without errors.
int exit_code_for(const Diagnostics& diagnostics);

}  // namespace inarch
