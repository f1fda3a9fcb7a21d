#include "compiler/core/value.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "compiler/core/json.h"

namespace inarch {

namespace {

std::pair<std::string_view, std::string_view> split_first(std::string_view dotted) {
  const std::size_t dot = dotted.find('.');
  if (dot == std::string_view::npos) return {dotted, {}};
  return {dotted.substr(0, dot), dotted.substr(dot + 1)};
}

}  // namespace

/// The copy constructor of GCC 12's std::variant destroys what it has not made yet when there is no
/// memory for it, because it believes of text and vectors that a variant of them always holds one.
Value::Value(const Value& other) {
  std::visit([this](const auto& held) { data_ = held; }, other.data_);
}

double Value::as_real() const {
  if (const auto* i = if_int()) return static_cast<double>(*i);
  const auto* d = if_real();
  return d ? *d : 0.0;
}

const Value* Value::find(std::string_view key) const {
  const Map* map = if_map();
  if (!map) return nullptr;
  for (const auto& [name, value] : *map) {
    if (name == key) return &value;
  }
  return nullptr;
}

const Value* Value::find_path(std::string_view dotted) const {
  const Value* at = this;
  while (at && !dotted.empty()) {
    const auto [head, tail] = split_first(dotted);
    if (const List* list = at->if_list()) {
      std::size_t index = 0;
      const auto [end, failure] = std::from_chars(head.data(), head.data() + head.size(), index);
      const bool whole = failure == std::errc() && end == head.data() + head.size();
      at = whole && index < list->size() ? &(*list)[index] : nullptr;
    } else {
      at = at->find(head);
    }
    dotted = tail;
  }
  return at;
}

bool Value::set_path(std::string_view dotted, Value value) {
  const auto [head, tail] = split_first(dotted);
  if (is_null()) data_ = Map{};
  Map* map = if_map();
  if (!map) return false;
  auto entry = std::find_if(map->begin(), map->end(),
                            [&, key = head](const auto& e) { return e.first == key; });
  if (entry == map->end()) entry = map->insert(map->end(), {std::string(head), Value()});
  if (!tail.empty()) return entry->second.set_path(tail, std::move(value));
  entry->second = std::move(value);
  return true;
}

bool Value::remove_path(std::string_view dotted) {
  const auto [head, tail] = split_first(dotted);
  Map* map = if_map();
  if (!map) return false;
  const auto entry = std::find_if(map->begin(), map->end(),
                                  [&, key = head](const auto& e) { return e.first == key; });
  if (entry == map->end()) return false;
  if (!tail.empty()) return entry->second.remove_path(tail);
  map->erase(entry);
  return true;
}

std::string_view Value::kind() const {
  static constexpr std::array<std::string_view, 7> kinds = {
      "null", "a boolean", "an integer", "a number", "text", "a list", "a mapping"};
  return kinds[data_.index()];
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.if_int() && b.if_int()) return *a.if_int() == *b.if_int();
    return a.as_real() == b.as_real();
  }
  return a.data_ == b.data_;
}

std::string to_text(const Value& value) {
  if (const auto* text = value.if_text()) return *text;
  return write_json(value, JsonStyle::compact);
}

}  // namespace inarch
