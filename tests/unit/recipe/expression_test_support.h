#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "compiler/core/json.h"
#include "compiler/recipe/expression.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// Holds the text of an expression, what it evaluated to, and what was reported.
struct Evaluated {
  SourceMap sources;
  Diagnostics diagnostics;
  std::optional<Value> value;

  std::string code() const {
    return diagnostics.list().empty() ? "" : diagnostics.list().front().code;
  }
  std::string message() const {
    return diagnostics.list().empty() ? "" : diagnostics.list().front().message;
  }
  std::string help() const {
    return diagnostics.list().empty() ? "" : diagnostics.list().front().help;
  }
  /// The text that the first diagnostic points at.
  std::string pointed() const {
    return diagnostics.list().empty()
               ? ""
               : std::string(sources.text(diagnostics.list().front().primary.span));
  }
  std::string json() const {
    return value ? write_json(*value, JsonStyle::compact) : "nothing, " + code();
  }
};

inline Span whole_text(SourceMap& sources, std::string_view text) {
  const FileId file = sources.add("test.yaml", std::string(text));
  return {file, 0, static_cast<std::uint32_t>(text.size())};
}

inline Evaluated run(std::string_view text, const Scope& scope = Scope()) {
  Evaluated result;
  const Span span = whole_text(result.sources, text);
  const ExprPtr expression = parse_expression(text, span, result.diagnostics);
  if (expression) result.value = evaluate(*expression, scope, result.diagnostics);
  return result;
}

inline ExprPtr parsed(std::string_view text) {
  Diagnostics diagnostics;
  ExprPtr expression = parse_expression(text, Span{}, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << text;
  return expression;
}

inline Value from_json(std::string_view text) {
  Result<Value> value = parse_json(text, "test.json");
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : Value();
}

}  // namespace inarch
