#include "runtime/lock/lock_fields.h"

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::int64_t largest_size = std::int64_t{1} << 53;

}  // namespace

void LockFault::set(const std::string& where, const std::string& message) {
  if (diagnostic_) return;
  const std::string place = where.empty() ? "" : escape_for_terminal(where) + ": ";
  diagnostic_ = error("E440", place + message)
                    .in(path_)
                    .hint("make it again where the sources are: inarch lock RECIPE");
}

LockFields::LockFields(const Value& value, std::string where, LockFault& fault)
    : map_(value.if_map()), where_(std::move(where)), fault_(fault) {
  static const Value::Map nothing;
  if (map_) return;
  fail(fmt::format("expected an object, not {}", value.kind()));
  map_ = &nothing;
}

const Value* LockFields::find(std::string_view key) {
  for (const auto& [name, value] : *map_) {
    if (name != key) continue;
    ++taken_;
    return &value;
  }
  return nullptr;
}

const Value& LockFields::at(std::string_view key) {
  static const Value nothing;
  if (const Value* value = find(key)) return *value;
  fail(fmt::format("'{}' is missing", key));
  return nothing;
}

std::string LockFields::text(std::string_view key) {
  const Value& value = at(key);
  if (value.if_text()) return *value.if_text();
  fail(fmt::format("'{}' is no text", key));
  return {};
}

std::string LockFields::text_or_nothing(std::string_view key) {
  const Value* value = find(key);
  if (!value || value->if_text()) return value ? *value->if_text() : std::string();
  fail(fmt::format("'{}' is no text", key));
  return {};
}

std::string LockFields::checked_digest(std::string_view key, std::string digest) {
  if (digest.size() == 64 && digest.find_first_not_of("0123456789abcdef") == digest.npos)
    return digest;
  fail(fmt::format("'{}' is no SHA-256", key));
  return {};
}

std::string LockFields::sha256(std::string_view key) { return checked_digest(key, text(key)); }

std::string LockFields::sha256_or_nothing(std::string_view key) {
  std::string digest = text_or_nothing(key);
  return digest.empty() ? digest : checked_digest(key, std::move(digest));
}

std::int64_t LockFields::size(std::string_view key) {
  const Value& value = at(key);
  if (value.if_int() && *value.if_int() >= 0 && *value.if_int() <= largest_size)
    return *value.if_int();
  fail(fmt::format("'{}' is no size", key));
  return 0;
}

bool LockFields::flag(std::string_view key) {
  const Value* value = find(key);
  if (value && !value->if_bool()) fail(fmt::format("'{}' is neither true nor false", key));
  return value && value->if_bool() && *value->if_bool();
}

const Value::List& LockFields::list(std::string_view key) {
  static const Value::List nothing;
  const Value& value = at(key);
  if (value.if_list()) return *value.if_list();
  fail(fmt::format("'{}' is no list", key));
  return nothing;
}

const Value::Map& LockFields::map(std::string_view key) {
  static const Value::Map nothing;
  const Value& value = at(key);
  if (value.if_map()) return *value.if_map();
  fail(fmt::format("'{}' is no object", key));
  return nothing;
}

void LockFields::done() {
  if (taken_ != map_->size()) fail("it has keys that this version does not know");
}

std::string LockFields::within(std::string_view key) const {
  return fmt::format("{}{}{}", where_, where_.empty() ? "" : ".", key);
}

std::string LockFields::within(std::string_view key, std::size_t k) const {
  return fmt::format("{}[{}]", within(key), k);
}

}  // namespace inarch
