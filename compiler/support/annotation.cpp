#include "compiler/support/annotation.h"

#include <fmt/format.h>

namespace inarch {

namespace {

/// "recipe.yaml:4:8", or "" for what points nowhere.
std::string place_name(const Label& label, const SourceMap& sources) {
  if (!label.span.known()) return {};
  const Location at = sources.locate(label.span.file, label.span.begin);
  return fmt::format("{}:{}:{}", sources.path(label.span.file), at.line, at.column);
}

/// "\nrecipe.yaml:4:8: has 39 tensors", or less, as far as either is known.
std::string remark(const std::string& place, const std::string& label) {
  if (place.empty() && label.empty()) return {};
  return fmt::format("\n{}{}{}", place, place.empty() || label.empty() ? "" : ": ", label);
}

}  // namespace

Annotation annotate(const Label& label, const SourceMap& sources, const AnnotatedPath& path) {
  if (!label.span.known()) return {};
  return {path(sources.path(label.span.file)), sources.locate(label.span.file, label.span.begin),
          sources.locate(label.span.file, label.span.end)};
}

Annotation annotate(const Diagnostic& diagnostic, const SourceMap& sources,
                    const AnnotatedPath& path, const std::string& input) {
  Annotation found = annotate(diagnostic.primary, sources, path);
  for (const Label& label : diagnostic.secondary) {
    if (!found.known()) found = annotate(label, sources, path);
  }
  for (const std::string& file : {diagnostic.subject, input}) {
    if (!found.known() && !file.empty()) found = {path(file), {}, {}};
  }
  return found;
}

std::string annotation_text(const Diagnostic& diagnostic, const SourceMap& sources,
                            const AnnotatedPath& path) {
  const Label& primary = diagnostic.primary;
  const bool shown = annotate(primary, sources, path).known();
  std::string text =
      diagnostic.message + remark(shown ? "" : place_name(primary, sources), primary.text);
  for (const Label& label : diagnostic.secondary)
    text += remark(place_name(label, sources), label.text);
  if (!diagnostic.subject.empty()) text += "\nin: " + diagnostic.subject;
  for (const std::string& note : diagnostic.notes) text += "\nnote: " + note;
  if (!diagnostic.help.empty()) text += "\nhelp: " + diagnostic.help;
  return text;
}

}  // namespace inarch
