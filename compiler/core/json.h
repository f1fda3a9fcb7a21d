#pragma once

#include <string>
#include <string_view>

#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

/// Reads a JSON document with the order of its keys. Duplicate keys, depth above 200, invalid UTF-8
/// and anything after the document are errors (E420), whose subject is `path`.
Result<Value> parse_json(std::string_view text, const std::string& path);

enum class JsonStyle { compact, indented };

/// `indented` is two spaces, a trailing newline, as transformers writes configs. Numbers are the
/// shortest text that reads back equal. Deterministic.
std::string write_json(const Value& value, JsonStyle style);
/// One JSON string literal, quotes included.
std::string json_quote(std::string_view text);

}  // namespace inarch
