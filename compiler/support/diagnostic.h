#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/span.h"

namespace inarch {

enum class Severity { error, warning };

/// A place in a text and what to say beside it.
struct Label {
  Span span;
  std::string text;
};

/// One finding, as data: nothing here is formatted, and nothing prints.
///
/// `message` is lowercase, without a full stop, and names what was found and what was expected.
/// `subject` names the file or tensor when there is no text to point at ("model.safetensors").
/// `help` is something to type. `code` is "E203" or "W103"; docs/errors/ explains each.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;
  std::string message;
  Label primary;
  std::string subject;
  std::vector<Label> secondary;
  std::vector<std::string> notes;
  std::string help;

  Diagnostic&& at(Span span, std::string label = {}) &&;
  Diagnostic&& in(std::string what) &&;
  Diagnostic&& also(Span span, std::string label) &&;
  Diagnostic&& note(std::string text) &&;
  Diagnostic&& hint(std::string text) &&;
};

/// `error("E203", "…").at(span, "matches nothing").hint("did you mean …?")`
Diagnostic error(std::string code, std::string message);
Diagnostic warning(std::string code, std::string message);

/// What the stages of a compilation found. A stage adds all it can find and stops at its end.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic);
  bool has_errors() const { return errors_ != 0; }
  std::size_t errors() const { return errors_; }
  const std::vector<Diagnostic>& list() const { return list_; }
  /// In the order of the text they point at; those without a place come last, in order of arrival.
  void sort_by_place();

 private:
  std::vector<Diagnostic> list_;
  std::size_t errors_ = 0;
};

}  // namespace inarch
