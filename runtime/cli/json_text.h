#pragma once

#include <string>
#include <string_view>

#include "compiler/core/shape.h"
#include "compiler/core/value.h"

namespace inarch {

/// Text of a file for a JSON result: what is not UTF-8 is escaped as on a terminal.
Value json_text(std::string_view text);
/// The same, and null for "".
Value json_text_or_null(std::string_view text);
Value json_shape(const Shape& shape);

}  // namespace inarch
