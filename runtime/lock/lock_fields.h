#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// The first fault that the reader of a lock met (E440).
class LockFault {
 public:
  explicit LockFault(std::string path) : path_(std::move(path)) {}
  /// `where` is "sources.text.shards[3]" or "".
  void set(const std::string& where, const std::string& message);
  bool any() const { return diagnostic_.has_value(); }
  Diagnostic take() { return std::move(*diagnostic_); }

 private:
  std::string path_;
  std::optional<Diagnostic> diagnostic_;
};

/// Takes the fields of one object by name. What is missing, of another kind, or left over at done()
/// becomes a fault; values then come back empty.
class LockFields {
 public:
  LockFields(const Value& value, std::string where, LockFault& fault);

  const Value* find(std::string_view key);
  const Value& at(std::string_view key);
  std::string text(std::string_view key);
  std::string text_or_nothing(std::string_view key);
  /// 64 hex digits.
  std::string sha256(std::string_view key);
  std::string sha256_or_nothing(std::string_view key);
  std::int64_t size(std::string_view key);
  bool flag(std::string_view key);
  const Value::List& list(std::string_view key);
  const Value::Map& map(std::string_view key);
  void done();

  std::string within(std::string_view key) const;
  std::string within(std::string_view key, std::size_t k) const;
  void fail(const std::string& message) { fault_.set(where_, message); }

 private:
  std::string checked_digest(std::string_view key, std::string digest);

  const Value::Map* map_;
  std::string where_;
  LockFault& fault_;
  std::size_t taken_ = 0;
};

}  // namespace inarch
