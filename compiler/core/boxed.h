#pragma once

#include <memory>
#include <utility>
#include <variant>

namespace inarch {

/// A value that lies elsewhere: one that is large and rare among the alternatives of a variant, so
/// that it does not set the size of all of them. Copies share it, as it never changes.
template <typename T>
class Boxed {
 public:
  Boxed(T value) : value_(std::make_shared<const T>(std::move(value))) {}
  operator const T&() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  friend bool operator==(const Boxed& a, const Boxed& b) { return *a.value_ == *b.value_; }

 private:
  std::shared_ptr<const T> value_;
};

/// The value in the box, or null when the variant holds something else.
template <typename T, typename Variant>
const T* if_boxed(const Variant& variant) {
  const auto* box = std::get_if<Boxed<T>>(&variant);
  return box == nullptr ? nullptr : box->operator->();
}

}  // namespace inarch
