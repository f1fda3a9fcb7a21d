#include "runtime/forward/config_fields.h"

#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

const Value* ConfigFields::find(std::string_view key) const {
  const Value* found = config_->find(key);
  return found != nullptr && found->is_null() ? nullptr : found;
}

bool ConfigFields::is_null(std::string_view key) const {
  const Value* found = config_->find(key);
  return found != nullptr && found->is_null();
}

bool ConfigFields::has(std::string_view key) const { return find(key) != nullptr; }

void ConfigFields::fail(Diagnostic fault) {
  if (!fault_) fault_ = std::move(fault);
}

void ConfigFields::expect(std::string_view key, std::string_view expected, const Value& found) {
  fail(error("E589", fmt::format("the config's {} is {}, expected {}", key,
                                 escape_for_terminal(to_text(found)), expected)));
}

std::int64_t ConfigFields::size(std::string_view key, std::optional<std::int64_t> otherwise) {
  const Value* found = find(key);
  if (found == nullptr) {
    if (!otherwise) fail(error("E589", fmt::format("the config says no {}", key)));
    return otherwise.value_or(1);
  }
  const std::int64_t* number = found->if_int();
  if (number != nullptr && *number >= 1 && *number <= std::numeric_limits<std::int32_t>::max())
    return *number;
  expect(key, "an integer above 0", *found);
  return 1;
}

double ConfigFields::positive(std::string_view key, double otherwise) {
  const Value* found = find(key);
  if (found == nullptr) return otherwise;
  if (found->is_number() && std::isfinite(found->as_real()) && found->as_real() > 0)
    return found->as_real();
  expect(key, "a number above 0", *found);
  return otherwise;
}

bool ConfigFields::flag(std::string_view key, bool otherwise) {
  const Value* found = find(key);
  if (found == nullptr) return otherwise;
  if (const bool* set = found->if_bool()) return *set;
  expect(key, "true or false", *found);
  return otherwise;
}

std::string ConfigFields::text(std::string_view key, std::string_view otherwise) {
  const Value* found = find(key);
  if (found == nullptr) return std::string(otherwise);
  if (const std::string* said = found->if_text()) return *said;
  expect(key, "a text", *found);
  return std::string(otherwise);
}

}  // namespace inarch
