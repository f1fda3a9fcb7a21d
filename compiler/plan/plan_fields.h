#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// A small JSON tree that tells apart what plans must tell apart: integers of 64 bits with and
/// without sign, and reals. Objects keep their order.
struct Json {
  using List = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, List, Object>
      data = nullptr;
};

/// The first fault that a reader met, and where.
class PlanFault {
 public:
  explicit PlanFault(std::string path) : path_(std::move(path)) {}
  /// `where` is "steps[12]" or the like; the message gets it as its first words.
  void set(std::string code, std::string_view where, std::string message);
  bool any() const { return diagnostic_.has_value(); }
  Diagnostic take() { return std::move(*diagnostic_); }

 private:
  std::string path_;
  std::optional<Diagnostic> diagnostic_;
};

/// Takes the fields of one object by name. Whatever is missing, of another kind, or left over at
/// done() becomes a fault (E611); values then come back as zeros.
class PlanFields {
 public:
  PlanFields(const Json& json, std::string where, PlanFault& fault);

  bool has(std::string_view key) const;
  std::int64_t integer(std::string_view key);
  std::uint64_t unsigned_integer(std::string_view key);
  std::uint32_t index(std::string_view key);
  double real(std::string_view key);
  bool boolean(std::string_view key);
  std::string text(std::string_view key);
  std::vector<std::int64_t> integers(std::string_view key);
  std::vector<std::vector<std::int64_t>> lists_of_integers(std::string_view key);
  std::vector<std::uint32_t> indices(std::string_view key);
  std::vector<double> reals(std::string_view key);
  const Json::List& list(std::string_view key);
  const Json& value(std::string_view key);
  void done();

  const std::string& where() const { return where_; }
  void fail(std::string message) { fault_.set("E611", where_, std::move(message)); }

 private:
  const Json* take(std::string_view key);
  void wrong(std::string_view key, std::string_view expected);
  std::int64_t as_integer(const Json& json, std::string_view key);

  const Json::Object* object_ = nullptr;
  std::vector<bool> taken_;
  std::string where_;
  PlanFault& fault_;
};

}  // namespace inarch
