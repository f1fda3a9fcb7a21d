#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/dtype.h"
#include "compiler/recipe/expand.h"

namespace inarch {

/// The arguments of one call of a transform, evaluated in one instance. Getters add E304 when a
/// value is not of the kind that the transform's row of the table asks for.
class CallArguments {
 public:
  CallArguments(const TensorExpr& call, const Scope& scope, Diagnostics& diagnostics);

  /// False when an argument could not be evaluated; the fault has been added.
  bool ok() const { return ok_; }
  bool has(std::string_view name) const;
  Span span(std::string_view name) const;

  std::optional<std::int64_t> integer(std::string_view name, std::int64_t otherwise) const;
  std::optional<double> number(std::string_view name, double otherwise) const;
  std::optional<std::string> text(std::string_view name, std::string_view otherwise) const;
  std::optional<bool> boolean(std::string_view name, bool otherwise) const;
  std::optional<DType> dtype(std::string_view name) const;
  std::optional<std::vector<double>> numbers(std::string_view name) const;
  /// A single number is a list of one.
  std::optional<std::vector<double>> number_or_numbers(std::string_view name) const;
  std::optional<std::vector<std::int64_t>> integers(std::string_view name) const;
  std::optional<std::vector<std::vector<std::int64_t>>> lists(std::string_view name) const;
  /// As it was given; null when it was not.
  const Value* value(std::string_view name) const;

  struct AxisEntry {
    std::string name;
    Span name_span;
    Value value;
    Span span;
  };
  const std::vector<AxisEntry>& axes() const { return axes_; }

  /// The value of an axis entry as one integer, or as a list of them (one integer is a list of
  /// one).
  std::optional<std::int64_t> integer(const AxisEntry& entry) const;
  std::optional<std::vector<std::int64_t>> integers(const AxisEntry& entry) const;

 private:
  struct Entry {
    std::string name;
    Value value;
    Span span;
  };
  const Entry* find(std::string_view name) const;
  void wrong(std::string_view name, std::string_view expected, const Value& found, Span span) const;

  const TransformSpec& spec_;
  Diagnostics& diagnostics_;
  std::vector<Entry> entries_;
  std::vector<AxisEntry> axes_;
  bool ok_ = true;
};

}  // namespace inarch
