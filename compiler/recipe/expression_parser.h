#pragma once

#include <string_view>

#include "compiler/recipe/expression.h"
#include "compiler/recipe/expression_spans.h"

namespace inarch {

/// parse_expression for a text whose place is already mapped, as inside a template.
ExprPtr parse_expression_at(std::string_view text, const SpanMap& spans, Diagnostics& diagnostics);

}  // namespace inarch
