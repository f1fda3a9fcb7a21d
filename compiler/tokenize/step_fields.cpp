#include "compiler/tokenize/step_fields.h"

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

std::string step_type(const Value& step) { return step_text(step, "type").value_or(""); }

bool step_flag(const Value& step, std::string_view key, bool otherwise) {
  const Value* found = step.find(key);
  return found && found->if_bool() ? *found->if_bool() : otherwise;
}

std::optional<std::string> step_text(const Value& step, std::string_view key) {
  const Value* found = step.find(key);
  return found && found->if_text() ? std::optional(*found->if_text()) : std::nullopt;
}

Result<TextPattern> step_pattern(const Value& step) {
  const Value* pattern = step.find("pattern");
  if (pattern) {
    if (const auto text = step_text(*pattern, "String")) return TextPattern::literal(*text);
    if (const auto text = step_text(*pattern, "Regex")) return TextPattern::regex(*text);
  }
  return unknown_step(step_type(step), "without a pattern that is a String or a Regex");
}

Diagnostic unknown_step(std::string_view role, std::string_view what) {
  return error("E591", fmt::format("the tokenizer has a {} {}, which is not known",
                                   escape_for_terminal(role, 60), escape_for_terminal(what, 80)));
}

}  // namespace inarch
