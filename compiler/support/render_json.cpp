#include "compiler/support/render_json.h"

#include <string_view>

#include <fmt/format.h>

#include "compiler/support/json_literal.h"

namespace inarch {

namespace {

std::string literal_or_null(std::string_view text) {
  return text.empty() ? "null" : json_literal(text);
}

std::string place(const Label& label, const SourceMap& sources) {
  if (!label.span.known()) {
    return fmt::format(R"("file":null,"line":null,"column":null,"end_line":null,)"
                       R"("end_column":null,"label":{})",
                       json_literal(label.text));
  }
  const Location begin = sources.locate(label.span.file, label.span.begin);
  const Location end = sources.locate(label.span.file, label.span.end);
  return fmt::format(R"("file":{},"line":{},"column":{},"end_line":{},"end_column":{},"label":{})",
                     json_literal(sources.path(label.span.file)), begin.line, begin.column,
                     end.line, end.column, json_literal(label.text));
}

}  // namespace

std::string render_json(const Diagnostic& diagnostic, const SourceMap& sources) {
  std::string secondary;
  for (const Label& label : diagnostic.secondary) {
    secondary += fmt::format("{}{{{}}}", secondary.empty() ? "" : ",", place(label, sources));
  }
  std::string notes;
  for (const std::string& note : diagnostic.notes) {
    notes += (notes.empty() ? "" : ",") + json_literal(note);
  }
  return fmt::format(
      R"({{"schema":"inarch/diagnostic/1","severity":"{}","code":{},"message":{},{},)"
      R"("subject":{},"secondary":[{}],"notes":[{}],"help":{}}})"
      "\n",
      diagnostic.severity == Severity::error ? "error" : "warning", json_literal(diagnostic.code),
      json_literal(diagnostic.message), place(diagnostic.primary, sources),
      literal_or_null(diagnostic.subject), secondary, notes, literal_or_null(diagnostic.help));
}

std::string render_json(const Diagnostics& diagnostics, const SourceMap& sources) {
  std::string out;
  for (const Diagnostic& d : diagnostics.list()) out += render_json(d, sources);
  return out;
}

}  // namespace inarch
