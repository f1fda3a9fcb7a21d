#include "compiler/support/render_github.h"

#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "compiler/support/explain.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Line by line, so that line breaks stay what they are.
std::string printable(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += escape_for_terminal(text.substr(0, end), std::numeric_limits<std::size_t>::max());
    if (end == text.size()) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string command_data(std::string_view text) {
  std::string out;
  for (const char c : printable(text))
    out += c == '%' ? "%25" : c == '\n' ? "%0A" : std::string(1, c);
  return out;
}

std::string command_property(std::string_view text) {
  std::string out;
  for (const char c : command_data(text))
    out += c == ':' ? "%3A" : c == ',' ? "%2C" : std::string(1, c);
  return out;
}

std::string title(const Diagnostic& diagnostic) {
  const std::optional<std::string_view> page = error_page(diagnostic.code);
  return page ? fmt::format("{}: {}", diagnostic.code, error_title(*page)) : diagnostic.code;
}

/// Characters that could mean something in Markdown, as entities, which never do.
std::string markdown(std::string_view text) {
  constexpr std::string_view special = "\\`*_{}[]<>()#+!|&~:@\"'";
  std::string out;
  for (const char c : printable(text)) {
    if (c == '\n') {
      out += "<br>";
    } else if (special.find(c) != std::string_view::npos) {
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

/// A fence longer than any in the text.
std::string fence_for(std::string_view text) {
  std::string fence = "```";
  while (text.find(fence) != std::string_view::npos) fence += '`';
  return fence;
}

}  // namespace

std::string render_github(const Diagnostic& diagnostic, const SourceMap& sources,
                          const AnnotatedPath& path, const std::string& input) {
  const Annotation at = annotate(diagnostic, sources, path, input);
  std::string properties;
  if (at.known()) properties = fmt::format("file={},", command_property(at.path));
  if (at.known() && at.begin.line > 0) {
    properties += fmt::format("line={},endLine={},", at.begin.line, at.end.line);
    if (at.one_line())
      properties += fmt::format("col={},endColumn={},", at.begin.column, at.end.column);
  }
  return fmt::format("::{} {}title={}::{}\n",
                     diagnostic.severity == Severity::error ? "error" : "warning", properties,
                     command_property(title(diagnostic)),
                     command_data(annotation_text(diagnostic, sources, path)));
}

std::string github_summary_row(const Diagnostic& diagnostic, const SourceMap& sources,
                               const AnnotatedPath& path, const std::string& input) {
  const Annotation at = annotate(diagnostic, sources, path, input);
  std::string place = at.path;
  if (at.known() && at.begin.line > 0)
    place += fmt::format(":{}:{}", at.begin.line, at.begin.column);
  return fmt::format("| {} {} | {} | {} |\n",
                     diagnostic.severity == Severity::error ? "❌" : "⚠️", diagnostic.code,
                     markdown(place), markdown(annotation_text(diagnostic, sources, path)));
}

std::string github_summary(const std::string& heading, const std::string& rows,
                           const std::string& text) {
  std::string out = fmt::format("### {}\n\n", heading);
  if (!rows.empty()) out += fmt::format("| | place | finding |\n|---|---|---|\n{}\n", rows);
  if (!text.empty()) {
    const std::string fence = fence_for(text);
    out += fmt::format("{}text\n{}{}{}\n\n", fence, text, text.back() == '\n' ? "" : "\n", fence);
  }
  return out;
}

}  // namespace inarch
