#include <fmt/format.h>

#include "compiler/recipe/expression_arithmetic.h"
#include "compiler/recipe/expression_functions.h"
#include "compiler/support/sizes.h"

namespace inarch {

namespace {

/// The fault of the first argument that is no text, if there is one.
std::optional<Diagnostic> not_texts(std::string_view function, std::string_view expected,
                                    const Arguments& arguments) {
  for (const Value* argument : arguments) {
    if (!argument->if_text()) return wrong_argument(function, expected, *argument);
  }
  return std::nullopt;
}

Diagnostic too_long(std::string_view function) {
  return error("E154",
               fmt::format("{} makes a text longer than {}", function, format_count(max_list)));
}

Result<Value> affix(std::string_view name, const Arguments& arguments, bool at_start) {
  if (auto fault = not_texts(name, "two texts", arguments)) return std::move(*fault);
  const std::string& whole = *arguments[0]->if_text();
  const std::string& part = *arguments[1]->if_text();
  return Value(at_start ? whole.starts_with(part) : whole.ends_with(part));
}
Result<Value> starts_with(const Arguments& a) { return affix("starts_with", a, true); }
Result<Value> ends_with(const Arguments& a) { return affix("ends_with", a, false); }

Result<Value> text_of(const Arguments& arguments) { return Value(to_text(*arguments[0])); }

Result<Value> replace(const Arguments& arguments) {
  if (auto fault = not_texts("replace", "three texts", arguments)) return std::move(*fault);
  const std::string& whole = *arguments[0]->if_text();
  const std::string& old = *arguments[1]->if_text();
  const std::string& with = *arguments[2]->if_text();
  if (old.empty()) return error("E152", "replace cannot look for an empty text");
  std::string result;
  std::size_t at = 0;
  for (std::size_t next = whole.find(old); next != std::string::npos; next = whole.find(old, at)) {
    result.append(whole, at, next - at).append(with);
    at = next + old.size();
    if (result.size() > static_cast<std::size_t>(max_list)) return too_long("replace");
  }
  return Value(result.append(whole, at));
}

Result<Value> split(const Arguments& arguments) {
  if (auto fault = not_texts("split", "two texts", arguments)) return std::move(*fault);
  const std::string& whole = *arguments[0]->if_text();
  const std::string& separator = *arguments[1]->if_text();
  if (separator.empty()) return error("E152", "split needs a separator, which is empty here");
  Value::List parts;
  std::size_t at = 0;
  for (std::size_t next = whole.find(separator); next != std::string::npos;
       next = whole.find(separator, at)) {
    parts.emplace_back(whole.substr(at, next - at));
    at = next + separator.size();
  }
  parts.emplace_back(whole.substr(at));
  return Value(std::move(parts));
}

Result<Value> join(const Arguments& arguments) {
  const Value::List* parts = arguments[0]->if_list();
  if (!parts) return wrong_argument("join", "a list and a separator", *arguments[0]);
  const std::string* separator = arguments[1]->if_text();
  if (!separator) return wrong_argument("join", "a text as separator", *arguments[1]);
  std::string result;
  for (std::size_t k = 0; k < parts->size(); ++k) {
    const Value& part = (*parts)[k];
    if (!part.if_text() && !part.is_number())
      return wrong_argument("join", "a list of texts and numbers", part);
    if (k > 0) result += *separator;
    result += to_text(part);
    if (result.size() > static_cast<std::size_t>(max_list)) return too_long("join");
  }
  return Value(std::move(result));
}

}  // namespace

std::vector<Function> text_functions() {
  return {
      {"ends_with", 2, 2, "ends_with(text, ending)", ends_with},
      {"join", 2, 2, "join(list, separator)", join},
      {"replace", 3, 3, "replace(text, old, new)", replace},
      {"split", 2, 2, "split(text, separator)", split},
      {"starts_with", 2, 2, "starts_with(text, beginning)", starts_with},
      {"text", 1, 1, "text(x)", text_of, true},
      {"token_ids", 2, 3, "token_ids(source, text), token_ids(source, text, 'bos')", nullptr},
  };
}

}  // namespace inarch
