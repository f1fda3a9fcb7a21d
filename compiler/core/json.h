#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

/// Reads a JSON document with the order of its keys. Duplicate keys, depth above 200, invalid UTF-8
/// and anything after the document are errors (E420), whose subject is `path`.
Result<Value> parse_json(std::string_view text, const std::string& path);

/// Why a text is no JSON document, and the byte at which that shows.
struct JsonFault {
  std::size_t position = 0;
  std::string message;
};

/// parse_json() for a text that messages may point into: at most `limit` values, with the fault
/// where it stands.
std::optional<Value> read_json(std::string_view text, std::size_t limit, JsonFault& fault);

enum class JsonStyle { compact, indented };

/// `indented` is two spaces, a trailing newline, as transformers writes configs. Numbers are the
/// shortest text that reads back equal. Deterministic.
std::string write_json(const Value& value, JsonStyle style);
/// One JSON string literal, quotes included.
std::string json_quote(std::string_view text);
/// The same at the end of a longer text.
void append_json_quote(std::string& out, std::string_view text);

}  // namespace inarch
