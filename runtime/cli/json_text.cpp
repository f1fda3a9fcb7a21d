#include "runtime/cli/json_text.h"

#include <limits>

#include "compiler/support/text.h"

namespace inarch {

Value json_text(std::string_view text) {
  if (is_utf8(text)) return Value(text);
  return Value(escape_for_terminal(text, std::numeric_limits<std::size_t>::max()));
}

Value json_text_or_null(std::string_view text) { return text.empty() ? Value() : json_text(text); }

Value json_shape(const Shape& shape) {
  Value::List list;
  for (const std::int64_t size : shape) list.emplace_back(size);
  return Value(std::move(list));
}

}  // namespace inarch
