#pragma once

#include <string_view>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// What a person can do about a syntax error, by the parser's own words for it. Without a place.
Diagnostic explain_yaml_syntax_error(std::string_view parser_message);

}  // namespace inarch
