#include "compiler/support/diagnostic.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace inarch {

Diagnostic&& Diagnostic::at(Span span, std::string label) && {
  primary = {span, std::move(label)};
  return std::move(*this);
}
Diagnostic&& Diagnostic::in(std::string what) && {
  subject = std::move(what);
  return std::move(*this);
}
Diagnostic&& Diagnostic::also(Span span, std::string label) && {
  if (span.known()) secondary.push_back({span, std::move(label)});
  return std::move(*this);
}
Diagnostic&& Diagnostic::note(std::string text) && {
  notes.push_back(std::move(text));
  return std::move(*this);
}
Diagnostic&& Diagnostic::hint(std::string text) && {
  help = std::move(text);
  return std::move(*this);
}

namespace {

Diagnostic make(Severity severity, std::string code, std::string message) {
  Diagnostic d;
  d.severity = severity;
  d.code = std::move(code);
  d.message = std::move(message);
  return d;
}

}  // namespace

Diagnostic error(std::string code, std::string message) {
  return make(Severity::error, std::move(code), std::move(message));
}

Diagnostic warning(std::string code, std::string message) {
  return make(Severity::warning, std::move(code), std::move(message));
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::error) ++errors_;
  list_.push_back(std::move(diagnostic));
}

void Diagnostics::sort_by_place() {
  const auto key = [](const Diagnostic& d) {
    const FileId file =
        d.primary.span.known() ? d.primary.span.file : std::numeric_limits<FileId>::max();
    return std::tuple(file, d.primary.span.begin);
  };
  std::stable_sort(list_.begin(), list_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
}

}  // namespace inarch
