#include "compiler/plan/plan_fields.h"

#include <limits>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

const Json nothing;
const Json::List no_items;

std::optional<double> as_real(const Json& json) {
  if (const auto* d = std::get_if<double>(&json.data)) return *d;
  if (const auto* i = std::get_if<std::int64_t>(&json.data)) return static_cast<double>(*i);
  if (const auto* u = std::get_if<std::uint64_t>(&json.data)) return static_cast<double>(*u);
  const auto* text = std::get_if<std::string>(&json.data);
  if (text == nullptr) return std::nullopt;
  if (*text == "inf") return std::numeric_limits<double>::infinity();
  if (*text == "-inf") return -std::numeric_limits<double>::infinity();
  if (*text == "nan") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

}  // namespace

void PlanFault::set(std::string code, std::string_view where, std::string message) {
  if (any()) return;
  std::string text = where.empty() ? std::move(message) : fmt::format("{}: {}", where, message);
  diagnostic_ = error(std::move(code), std::move(text)).in(path_);
}

PlanFields::PlanFields(const Json& json, std::string where, PlanFault& fault)
    : object_(std::get_if<Json::Object>(&json.data)), where_(std::move(where)), fault_(fault) {
  if (object_ == nullptr) {
    fail("expected an object");
  } else {
    taken_.resize(object_->size());
  }
}

bool PlanFields::has(std::string_view key) const {
  if (object_ == nullptr) return false;
  for (const auto& entry : *object_) {
    if (entry.first == key) return true;
  }
  return false;
}

const Json* PlanFields::take(std::string_view key) {
  if (object_ == nullptr) return nullptr;
  for (std::size_t i = 0; i < object_->size(); ++i) {
    if ((*object_)[i].first != key) continue;
    taken_[i] = true;
    return &(*object_)[i].second;
  }
  fail(fmt::format("'{}' is missing", key));
  return nullptr;
}

void PlanFields::wrong(std::string_view key, std::string_view expected) {
  fail(fmt::format("'{}' must be {}", key, expected));
}

std::int64_t PlanFields::as_integer(const Json& json, std::string_view key) {
  if (const auto* i = std::get_if<std::int64_t>(&json.data)) return *i;
  wrong(key, "an integer of at most 63 bits");
  return 0;
}

std::int64_t PlanFields::integer(std::string_view key) {
  const Json* json = take(key);
  return json == nullptr ? 0 : as_integer(*json, key);
}

std::uint64_t PlanFields::unsigned_integer(std::string_view key) {
  const Json* json = take(key);
  if (json == nullptr) return 0;
  if (const auto* u = std::get_if<std::uint64_t>(&json->data)) return *u;
  const auto* i = std::get_if<std::int64_t>(&json->data);
  if (i != nullptr && *i >= 0) return static_cast<std::uint64_t>(*i);
  wrong(key, "an integer from 0 to 2^64 - 1");
  return 0;
}

std::uint32_t PlanFields::index(std::string_view key) {
  const std::int64_t value = integer(key);
  if (value >= 0 && value <= std::numeric_limits<std::uint32_t>::max()) {
    return static_cast<std::uint32_t>(value);
  }
  wrong(key, "an index");
  return 0;
}

double PlanFields::real(std::string_view key) {
  const Json* json = take(key);
  if (json == nullptr) return 0;
  const auto value = as_real(*json);
  if (!value) wrong(key, "a number");
  return value.value_or(0);
}

std::string PlanFields::text(std::string_view key) {
  const Json* json = take(key);
  if (json == nullptr) return {};
  if (const auto* text = std::get_if<std::string>(&json->data)) return *text;
  wrong(key, "text");
  return {};
}

const Json& PlanFields::value(std::string_view key) {
  const Json* json = take(key);
  return json == nullptr ? nothing : *json;
}

const Json::List& PlanFields::list(std::string_view key) {
  const Json* json = take(key);
  if (json == nullptr) return no_items;
  if (const auto* list = std::get_if<Json::List>(&json->data)) return *list;
  wrong(key, "a list");
  return no_items;
}

bool PlanFields::boolean(std::string_view key) {
  const Json* json = take(key);
  if (json == nullptr) return false;
  if (const auto* truth = std::get_if<bool>(&json->data)) return *truth;
  wrong(key, "true or false");
  return false;
}

std::vector<std::int64_t> PlanFields::integers(std::string_view key) {
  const Json::List& items = list(key);
  std::vector<std::int64_t> values;
  values.reserve(items.size());
  for (const Json& item : items) values.push_back(as_integer(item, key));
  return values;
}

std::vector<std::vector<std::int64_t>> PlanFields::lists_of_integers(std::string_view key) {
  std::vector<std::vector<std::int64_t>> lists;
  for (const Json& item : list(key)) {
    const auto* inner = std::get_if<Json::List>(&item.data);
    if (inner == nullptr) {
      wrong(key, "a list of lists");
      return {};
    }
    std::vector<std::int64_t>& values = lists.emplace_back();
    for (const Json& value : *inner) values.push_back(as_integer(value, key));
  }
  return lists;
}

std::vector<std::uint32_t> PlanFields::indices(std::string_view key) {
  std::vector<std::uint32_t> values;
  for (const std::int64_t value : integers(key)) {
    if (value < 0 || value > std::numeric_limits<std::uint32_t>::max()) {
      wrong(key, "a list of indices");
      return {};
    }
    values.push_back(static_cast<std::uint32_t>(value));
  }
  return values;
}

std::vector<double> PlanFields::reals(std::string_view key) {
  const Json::List& items = list(key);
  std::vector<double> values;
  values.reserve(items.size());
  for (const Json& item : items) {
    const auto value = as_real(item);
    if (!value) wrong(key, "a list of numbers");
    values.push_back(value.value_or(0));
  }
  return values;
}

void PlanFields::done() {
  if (object_ == nullptr) return;
  for (std::size_t i = 0; i < object_->size(); ++i) {
    if (taken_[i]) continue;
    fail(fmt::format("unknown key '{}'", escape_for_terminal((*object_)[i].first)));
  }
}

}  // namespace inarch
