#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace inarch {

/// A configuration value: what JSON can hold, with integers kept apart from reals and the order of
/// keys kept. Also what scalar expressions of a recipe evaluate to.
class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::vector<std::pair<std::string, Value>>;

  Value() = default;
  Value(std::nullptr_t) {}                               // NOLINT: implicit by design
  Value(bool b) : data_(b) {}                            // NOLINT
  Value(int i) : data_(static_cast<std::int64_t>(i)) {}  // NOLINT
  Value(std::int64_t i) : data_(i) {}                    // NOLINT
  Value(double d) : data_(d) {}                          // NOLINT
  Value(std::string s) : data_(std::move(s)) {}          // NOLINT
  Value(std::string_view s) : data_(std::string(s)) {}   // NOLINT
  Value(const char* s) : data_(std::string(s)) {}        // NOLINT
  Value(List list) : data_(std::move(list)) {}           // NOLINT
  Value(Map map) : data_(std::move(map)) {}              // NOLINT

  /// As strong as memory that runs out in the middle asks for, which std::variant's own is not.
  Value(const Value& other);
  Value(Value&&) noexcept = default;
  Value& operator=(const Value& other) { return *this = Value(other); }
  Value& operator=(Value&&) noexcept = default;
  ~Value() = default;

  bool is_null() const { return data_.index() == 0; }
  const bool* if_bool() const { return std::get_if<bool>(&data_); }
  const std::int64_t* if_int() const { return std::get_if<std::int64_t>(&data_); }
  const double* if_real() const { return std::get_if<double>(&data_); }
  const std::string* if_text() const { return std::get_if<std::string>(&data_); }
  const List* if_list() const { return std::get_if<List>(&data_); }
  const Map* if_map() const { return std::get_if<Map>(&data_); }
  List* if_list() { return std::get_if<List>(&data_); }
  Map* if_map() { return std::get_if<Map>(&data_); }

  bool is_number() const { return if_int() != nullptr || if_real() != nullptr; }
  /// The number as a real. Only when is_number().
  double as_real() const;
  /// The entry of a map, or null when this is no map or has no such key.
  const Value* find(std::string_view key) const;
  /// find() along "a.b.c"; a segment of digits indexes a list.
  const Value* find_path(std::string_view dotted) const;
  /// Sets the entry at "a.b.c", making maps on the way. False when something on the way is not a
  /// map.
  bool set_path(std::string_view dotted, Value value);
  /// Removes the entry at "a.b.c". False when there is none.
  bool remove_path(std::string_view dotted);

  /// "integer", "text", …: for messages.
  std::string_view kind() const;
  /// Numbers compare by value: 2 == 2.0.
  friend bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Map> data_ = nullptr;
};

/// As JSON on one line, for messages and interpolation into names; text is written bare.
std::string to_text(const Value& value);

}  // namespace inarch
