#include "compiler/support/render_json.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    if (c.length == 0) {
      out += "\\ufffd";
    } else if (c.value == '"' || c.value == '\\') {
      out += '\\';
      out += text[at];
    } else if (c.value == '\n') {
      out += "\\n";
    } else if (c.value < 0x20 || c.value == 0x7F) {
      out += fmt::format("\\u{:04x}", c.value);
    } else {
      out += text.substr(at, c.length);
    }
    at += std::max<std::size_t>(c.length, 1);
  }
  return out + '"';
}

std::string quote_or_null(std::string_view text) { return text.empty() ? "null" : quote(text); }

std::string place(const Label& label, const SourceMap& sources) {
  if (!label.span.known()) {
    return fmt::format(R"("file":null,"line":null,"column":null,"end_line":null,)"
                       R"("end_column":null,"label":{})",
                       quote(label.text));
  }
  const Location begin = sources.locate(label.span.file, label.span.begin);
  const Location end = sources.locate(label.span.file, label.span.end);
  return fmt::format(R"("file":{},"line":{},"column":{},"end_line":{},"end_column":{},"label":{})",
                     quote(sources.path(label.span.file)), begin.line, begin.column, end.line,
                     end.column, quote(label.text));
}

}  // namespace

std::string render_json(const Diagnostic& diagnostic, const SourceMap& sources) {
  std::string secondary;
  for (const Label& label : diagnostic.secondary) {
    secondary += fmt::format("{}{{{}}}", secondary.empty() ? "" : ",", place(label, sources));
  }
  std::string notes;
  for (const std::string& note : diagnostic.notes) {
    notes += (notes.empty() ? "" : ",") + quote(note);
  }
  return fmt::format(
      R"({{"schema":"inarch/diagnostic/1","severity":"{}","code":{},"message":{},{},)"
      R"("subject":{},"secondary":[{}],"notes":[{}],"help":{}}})"
      "\n",
      diagnostic.severity == Severity::error ? "error" : "warning", quote(diagnostic.code),
      quote(diagnostic.message), place(diagnostic.primary, sources),
      quote_or_null(diagnostic.subject), secondary, notes, quote_or_null(diagnostic.help));
}

std::string render_json(const Diagnostics& diagnostics, const SourceMap& sources) {
  std::string out;
  for (const Diagnostic& d : diagnostics.list()) out += render_json(d, sources);
  return out;
}

}  // namespace inarch
