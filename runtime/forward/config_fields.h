#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/core/value.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// Reads entries of a config. A key that is null is one that is not there. The first fault is kept:
/// E589, for what has another kind than asked for or is out of its range.
class ConfigFields {
 public:
  explicit ConfigFields(const Value& config) : config_(&config) {}

  bool has(std::string_view key) const;
  /// There, and null.
  bool is_null(std::string_view key) const;
  /// An integer from 1 to 2^31 − 1; without `otherwise` it must be there.
  std::int64_t size(std::string_view key, std::optional<std::int64_t> otherwise = std::nullopt);
  /// A finite number above 0.
  double positive(std::string_view key, double otherwise);
  bool flag(std::string_view key, bool otherwise);
  std::string text(std::string_view key, std::string_view otherwise);
  const Value* find(std::string_view key) const;

  void fail(Diagnostic fault);
  const std::optional<Diagnostic>& fault() const { return fault_; }

 private:
  void expect(std::string_view key, std::string_view expected, const Value& found);

  const Value* config_;
  std::optional<Diagnostic> fault_;
};

}  // namespace inarch
