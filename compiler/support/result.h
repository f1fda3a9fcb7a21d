#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// A value, or the one reason why there is none. Stages that can find several faults take a
/// `Diagnostics&` instead and return `std::optional`.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : data_(std::move(value)) {}                     // NOLINT: implicit by design
  Result(Diagnostic diagnostic) : data_(std::move(diagnostic)) {}  // NOLINT

  bool ok() const { return data_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() { return std::get<0>(data_); }
  const T& operator*() const { return std::get<0>(data_); }
  T* operator->() { return &std::get<0>(data_); }
  const T* operator->() const { return &std::get<0>(data_); }
  Diagnostic& error() { return std::get<1>(data_); }
  const Diagnostic& error() const { return std::get<1>(data_); }

 private:
  std::variant<T, Diagnostic> data_;
};

/// Success, or the reason for failure.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Diagnostic diagnostic) : diagnostic_(std::move(diagnostic)) {}  // NOLINT

  bool ok() const { return !diagnostic_; }
  explicit operator bool() const { return ok(); }
  Diagnostic& error() { return *diagnostic_; }
  const Diagnostic& error() const { return *diagnostic_; }

 private:
  std::optional<Diagnostic> diagnostic_;
};

}  // namespace inarch
